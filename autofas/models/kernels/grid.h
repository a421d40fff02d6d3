// How the feature maps of a batch lie in memory: every channel is one plane of padded pixels.
//
// A plane holds groups of up to 16 images. Within a group the images lie pixel beside pixel, (row, column,
// image), so a shift by dy rows and dx columns is one offset, dy * pitch + dx * images, for the whole group,
// and vectors run across images and columns alike. `pad` columns after every row and `pad` rows between groups
// are zero and serve as padding on either side; what is computed there is masked away.
//
// Planes are worked on in blocks of consecutive numbers that fit into the first cache.
#pragma once

#include <stdlib.h>

#include "vectors.h"

namespace {

constexpr int GROUP = 16;        // most images of a group
constexpr int ALIGN = 16;        // numbers; a multiple of the lanes of every instruction set
constexpr int BLOCK = 256;       // most numbers of a block
constexpr long MOST_NUMBERS = 1L << 40;

static_assert(ALIGN % LANES == 0 && BLOCK % ALIGN == 0, "a block is whole vectors");

constexpr long rounded_up(long value, long unit) { return (value + unit - 1) / unit * unit; }

// Numbers of a plane on which the work is done: `at` is their place, `length` a multiple of ALIGN.
struct Block {
  long at;
  int length;
};

struct Grid {
  int batch, height, width, pad;
  int images, groups;                      // of a group; of the batch
  long pitch, step, first, segment, size;  // numbers: of a row, a group, before the first pixel, worked on, of a plane
  int block_length, blocks_of_group, blocks;
  real* mask;                              // 1 on pixels, 0 on padding
  real* share[2];                          // 1 / pixels under a 3x3 window, at stride 1 and 2
  real* phase_mask;                        // 4 planes: which pixels of an input of twice the size exist

  double count() const { return static_cast<double>(batch) * height * width; }
  long place(int image, int y, int x) const {
    return first + image / images * step + y * pitch + static_cast<long>(x) * images + image % images;
  }
  Block block(int number) const {
    const long in_group = static_cast<long>(number % blocks_of_group) * block_length, left = segment - in_group;
    const long length = left < block_length ? left : block_length;
    return {first + number / blocks_of_group * step + in_group, static_cast<int>(length)};
  }
  // Numbers by which a shift within the padding can leave a block.
  long reach() const { return pad * pitch + static_cast<long>(pad) * images; }
};

// Zero outside the groups' pixels: what a plane has to be before its first block is written.
void clear_borders(const Grid& grid, real* planes, long count) {
  for (real* plane = planes; count > 0; count--, plane += grid.size) {
    long end = 0;
    for (int group = 0; group < grid.groups; group++) {
      const long begin = grid.first + group * grid.step;
      memset(plane + end, 0, sizeof(real) * (begin - end));
      end = begin + grid.segment;
    }
    memset(plane + end, 0, sizeof(real) * (grid.size - end));
  }
}

bool lay_out(Grid& grid, int batch, int height, int width, int pad) {
  if (batch < 1 || height < 1 || width < 1 || pad < 1 || pad > 64) return false;
  grid = Grid{};
  grid.batch = batch, grid.height = height, grid.width = width, grid.pad = pad;
  grid.groups = (batch + GROUP - 1) / GROUP;
  grid.images = (batch + grid.groups - 1) / grid.groups;
  grid.pitch = (static_cast<long>(width) + pad) * grid.images;
  if (height > MOST_NUMBERS / grid.pitch / grid.groups) return false;
  grid.segment = rounded_up((height - 1) * grid.pitch + static_cast<long>(width) * grid.images, ALIGN);
  const long rows = (static_cast<long>(height) + pad) * grid.pitch;
  grid.step = rounded_up(rows > grid.segment ? rows : grid.segment, ALIGN);
  grid.first = rounded_up(grid.reach(), ALIGN);
  // an odd number of cache lines modulo a page: equal places of all planes must not share a cache set
  grid.size = rounded_up(grid.first + grid.groups * grid.step + grid.reach() + BLOCK, 1024) + 3 * ALIGN;
  // blocks of one length, so that threads with as many have as much to do
  long blocks_of_group = (grid.segment + BLOCK - 1) / BLOCK;
  grid.block_length = static_cast<int>(rounded_up((grid.segment + blocks_of_group - 1) / blocks_of_group, ALIGN));
  blocks_of_group = (grid.segment + grid.block_length - 1) / grid.block_length;
  if (blocks_of_group > (1L << 30) / grid.groups) return false;
  grid.blocks_of_group = static_cast<int>(blocks_of_group);
  grid.blocks = grid.blocks_of_group * grid.groups;
  return true;
}

int pixels_under_window(int at, int stride, int side) {
  int count = 0;
  for (int shift = -1; shift <= 1; shift++) {
    const int place = at * stride + shift;
    count += place >= 0 && place < side;
  }
  return count;
}

// The grid of (height, width); `input_height` and `input_width` are those of what a stride of 2 makes it from.
Grid* new_grid(int batch, int height, int width, int pad, int input_height, int input_width) {
  Grid grid;
  const bool halves = input_height > 0;
  if (halves && ((input_height + 1) / 2 != height || (input_width + 1) / 2 != width)) return nullptr;
  if (!lay_out(grid, batch, height, width, pad)) return nullptr;
  void* memory = nullptr;
  const long planes = halves ? 7 : 2;
  if (posix_memalign(&memory, 64, sizeof(real) * planes * grid.size + sizeof(Grid)) != 0) return nullptr;
  memset(memory, 0, sizeof(real) * planes * grid.size);
  real* plane = static_cast<real*>(memory);
  grid.mask = plane;
  grid.share[0] = plane + grid.size;
  if (halves) grid.share[1] = plane + 2 * grid.size, grid.phase_mask = plane + 3 * grid.size;
  for (int image = 0; image < batch; image++)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) {
        const long at = grid.place(image, y, x);
        grid.mask[at] = 1;
        grid.share[0][at] = real(1) / (pixels_under_window(y, 1, height) * pixels_under_window(x, 1, width));
        if (!halves) continue;
        grid.share[1][at] =
            real(1) / (pixels_under_window(y, 2, input_height) * pixels_under_window(x, 2, input_width));
        for (int phase = 0; phase < 4; phase++)
          grid.phase_mask[phase * grid.size + at] =
              2 * y + phase / 2 < input_height && 2 * x + phase % 2 < input_width;
      }
  Grid* placed = reinterpret_cast<Grid*>(plane + planes * grid.size);
  *placed = grid;
  return placed;
}

void free_grid(Grid* grid) {
  if (grid) free(grid->mask);
}

}  // namespace
