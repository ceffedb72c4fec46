// libmicrohttpd: HTTP/1.1 server.
#ifndef MAYFLY_CMicroHTTPD_SHIM_H
#define MAYFLY_CMicroHTTPD_SHIM_H

#include <microhttpd.h>

#endif
