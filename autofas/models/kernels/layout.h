// Between images and planes, and between a grid's planes and those of a grid of half its sides.
#pragma once

#include "grid.h"

namespace {

// Distances in numbers between the images, channels, rows and columns of a tensor (B, C, H, W).
struct Strides {
  long image, channel, row, column;
};

// One channel of images -> a plane, its padding zero.
void plane_from_images(const Grid& grid, const real* images, const Strides& strides, real* plane) {
  memset(plane, 0, sizeof(real) * grid.size);
  for (int image = 0; image < grid.batch; image++)
    for (int y = 0; y < grid.height; y++) {
      const real* from = images + image * strides.image + y * strides.row;
      real* to = plane + grid.place(image, y, 0);
      for (int x = 0; x < grid.width; x++) to[static_cast<long>(x) * grid.images] = from[x * strides.column];
    }
}

void images_from_plane(const Grid& grid, const real* plane, real* images, const Strides& strides) {
  for (int image = 0; image < grid.batch; image++)
    for (int y = 0; y < grid.height; y++) {
      const real* from = plane + grid.place(image, y, 0);
      real* to = images + image * strides.image + y * strides.row;
      for (int x = 0; x < grid.width; x++) to[x * strides.column] = from[static_cast<long>(x) * grid.images];
    }
}

// Phase (y mod 2, x mod 2) of a plane of `whole` -> a plane of `half`, zero where no pixel is.
void split_phase(const Grid& whole, const Grid& half, int phase, const real* plane, real* out) {
  memset(out, 0, sizeof(real) * half.size);
  const int images = whole.images, right = phase % 2;
  const int columns = (whole.width + 1 - right) / 2;
  for (int group = 0; group < whole.groups; group++)
    for (int y = phase / 2; y < whole.height; y += 2) {
      const real* from = plane + whole.first + group * whole.step + y * whole.pitch + right * images;
      real* to = out + half.first + group * half.step + (y / 2) * half.pitch;
      for (int x = 0; x < columns; x++)
        for (int image = 0; image < images; image++) to[x * images + image] = from[2 * x * images + image];
    }
}

// The reverse: the plane of `whole` gets (`adds`: is raised by) its pixels of that phase, all others stay.
void join_phase(const Grid& whole, const Grid& half, int phase, const real* in, real* plane, bool adds) {
  const int images = whole.images, right = phase % 2;
  const int columns = (whole.width + 1 - right) / 2;
  for (int group = 0; group < whole.groups; group++)
    for (int y = phase / 2; y < whole.height; y += 2) {
      real* to = plane + whole.first + group * whole.step + y * whole.pitch + right * images;
      const real* from = in + half.first + group * half.step + (y / 2) * half.pitch;
      for (int x = 0; x < columns; x++)
        for (int image = 0; image < images; image++) {
          real& pixel = to[2 * x * images + image];
          pixel = adds ? pixel + from[x * images + image] : from[x * images + image];
        }
    }
}

}  // namespace
