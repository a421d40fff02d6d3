// The C interface of one unit (a precision and an instruction set): every name ends in AUTOFAS_UNIT.
#include "layout.h"

#define AUTOFAS_JOIN_(name, unit) name##_##unit
#define AUTOFAS_JOIN(name, unit) AUTOFAS_JOIN_(name, unit)
#define AUTOFAS_EXPORT(type, name) \
  extern "C" __attribute__((visibility("default"))) type AUTOFAS_JOIN(autofas_##name, AUTOFAS_UNIT)

// Null where the sides make no grid or memory is short.
AUTOFAS_EXPORT(Grid*, new_grid)
(int batch, int height, int width, int pad, int input_height, int input_width) {
  return new_grid(batch, height, width, pad, input_height, input_width);
}

AUTOFAS_EXPORT(void, free_grid)(Grid* grid) { free_grid(grid); }

AUTOFAS_EXPORT(long, plane_size)(const Grid* grid) { return grid->size; }

AUTOFAS_EXPORT(void, planes_from_images)
(const Grid* grid, long channels, const real* images, const Strides* strides, real* planes) {
  for (long channel = 0; channel < channels; channel++)
    plane_from_images(*grid, images + channel * strides->channel, *strides, planes + channel * grid->size);
}

AUTOFAS_EXPORT(void, images_from_planes)
(const Grid* grid, long channels, const real* planes, real* images, const Strides* strides) {
  for (long channel = 0; channel < channels; channel++)
    images_from_plane(*grid, planes + channel * grid->size, images + channel * strides->channel, *strides);
}
