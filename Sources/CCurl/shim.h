// libcurl: HTTP client. curl_easy_setopt and curl_easy_getinfo take their value as a variadic argument; each option that
// Mayfly uses has a function here with the one type that the option takes.
#ifndef MAYFLY_CCurl_SHIM_H
#define MAYFLY_CCurl_SHIM_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

// Takes `length` of `count` bytes; answering another number ends the transfer.
typedef size_t (*mayfly_curl_sink)(char *bytes, size_t size, size_t count, void *context);

// What holds for every request: no redirects, no signals, no credentials from files, TLS 1.2 and its checks on.
static inline CURLcode mayfly_curl_harden(CURL *handle) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    return code;
}

static inline CURLcode mayfly_curl_url(CURL *handle, const char *url) {
    return curl_easy_setopt(handle, CURLOPT_URL, url);
}

// The client's certificate and its key, in PEM.
static inline CURLcode mayfly_curl_certificate(CURL *handle, const char *certificate, const char *key) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_SSLCERT, certificate);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_SSLKEY, key) : code;
}

// The empty text turns proxies off, those of the environment too.
static inline CURLcode mayfly_curl_proxy(CURL *handle, const char *proxy) {
    return curl_easy_setopt(handle, CURLOPT_PROXY, proxy);
}

static inline CURLcode mayfly_curl_method(CURL *handle, const char *method) {
    return curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
}

static inline CURLcode mayfly_curl_timeouts(CURL *handle, long connect_ms, long total_ms) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, total_ms) : code;
}

// libcurl copies the bytes.
static inline CURLcode mayfly_curl_body(CURL *handle, const void *bytes, curl_off_t length) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POST, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, length);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes) : code;
}

// libcurl keeps the pointer until the next reset.
static inline CURLcode mayfly_curl_headers(CURL *handle, struct curl_slist *headers) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
}

// libcurl keeps `context` until the next reset.
static inline CURLcode mayfly_curl_sinks(CURL *handle, mayfly_curl_sink body, mayfly_curl_sink header, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, header);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_HEADERDATA, context) : code;
}

// Called about once a second and whenever bytes move; answering another number than 0 ends the transfer.
typedef int (*mayfly_curl_progress)(
    void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up);

// libcurl keeps `context` until the next reset.
static inline CURLcode mayfly_curl_watch(CURL *handle, mayfly_curl_progress progress, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    if (code == CURLE_OK) code = curl_easy_setopt(handle, CURLOPT_XFERINFODATA, context);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L) : code;
}

// Asked for a socket to each address before it is connected to; answering CURL_SOCKET_BAD refuses the address.
static inline CURLcode mayfly_curl_sockets(CURL *handle, curl_opensocket_callback open, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context) : code;
}

// The bytes of an IPv4 or IPv6 address, in network order: answers how many, and 0 for another family.
static inline size_t mayfly_curl_address(const struct curl_sockaddr *address, unsigned char bytes[16]) {
    if (address->family == AF_INET && address->addrlen >= sizeof(struct sockaddr_in)) {
        memcpy(bytes, &((const struct sockaddr_in *)&address->addr)->sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6 && address->addrlen >= sizeof(struct sockaddr_in6)) {
        memcpy(bytes, &((const struct sockaddr_in6 *)&address->addr)->sin6_addr, 16);
        return 16;
    }
    return 0;
}

// Roots in PEM, in the place of the system's, for which libcurl would look in its folder as well.
static inline CURLcode mayfly_curl_ca_file(CURL *handle, const char *path) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_CAINFO, path) : code;
}

static inline CURLcode mayfly_curl_status(CURL *handle, long *status) {
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
}

static inline CURLcode mayfly_curl_global_init(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

#endif
