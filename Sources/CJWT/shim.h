// libjwt: the independent second opinion on RS256 and ES256, never the deciding one.
#ifndef MAYFLY_CJWT_SHIM_H
#define MAYFLY_CJWT_SHIM_H

#include <jwt.h>

#endif
