#ifndef MAYFLY_CZSTD_SHIM_H
#define MAYFLY_CZSTD_SHIM_H

#include <zstd.h>

#endif
