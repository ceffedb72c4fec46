// libcurl: HTTP client. Variadic calls go through the typed functions below.
#ifndef MAYFLY_CCurl_SHIM_H
#define MAYFLY_CCurl_SHIM_H

#include <curl/curl.h>

#endif
