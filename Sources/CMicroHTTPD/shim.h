// libmicrohttpd: HTTP/1.1 server. Swift cannot call variadic functions, so each one used has a typed form here.
#ifndef MAYFLY_CMicroHTTPD_SHIM_H
#define MAYFLY_CMicroHTTPD_SHIM_H

#include <malloc.h>
#include <microhttpd.h>

/// What the library calls back; `context` is handed to each but the last, which has its own.
struct mayfly_http_callbacks {
    void *context;
    MHD_AcceptPolicyCallback accept;
    void *(*request_line)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback connection;
    void *connection_context;
};

struct mayfly_http_options {
    /// A listening socket, owned by the library once the start succeeds.
    int listen_fd;
    unsigned int connections;
    size_t memory_per_connection;
    /// TLS: which versions and ciphers, and the function that GnuTLS asks for the certificate; NULL for plain HTTP.
    const char *tls_priorities;
    void *tls_certificate;
};

/// Leaves escapes as they were sent: the target is decoded once, by the strict parser.
static inline size_t mayfly_http_keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
    (void) context;
    (void) connection;
    size_t length = 0;
    while (text[length] != '\0') { length += 1; }
    return length;
}

/// Makes a daemon that does something only when `MHD_run` is called, or returns NULL. Without MHD_USE_ERROR_LOG the
/// library writes no log line, so nothing a client sends can fill or forge one; SIGPIPE is the caller's to ignore.
static inline struct MHD_Daemon *mayfly_http_start(struct mayfly_http_callbacks callbacks,
                                                   struct mayfly_http_options options) {
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) options.tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, options.tls_certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    int is_tls = options.tls_certificate != NULL;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (is_tls ? MHD_USE_TLS : 0), 0, callbacks.accept,
        callbacks.context,
        callbacks.handle, callbacks.context,
        MHD_OPTION_LISTEN_SOCKET, options.listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, options.connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.memory_per_connection,
        MHD_OPTION_URI_LOG_CALLBACK, callbacks.request_line, callbacks.context,
        MHD_OPTION_NOTIFY_COMPLETED, callbacks.completed, callbacks.context,
        MHD_OPTION_NOTIFY_CONNECTION, callbacks.connection, callbacks.connection_context,
        MHD_OPTION_UNESCAPE_CALLBACK, mayfly_http_keep_escapes, NULL,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_ARRAY, is_tls ? tls : plain,
        MHD_OPTION_END);
}

/// The descriptor that can be read while something has happened to one of the daemon's sockets, or -1.
static inline int mayfly_http_events(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info == NULL ? -1 : info->epoll_fd;
}

/// How many connections the daemon has.
static inline unsigned int mayfly_http_connections(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info == NULL ? 0 : info->num_connections;
}

/// The socket, or -1.
static inline int mayfly_http_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/// GnuTLS's session, or NULL for a connection without TLS.
static inline void *mayfly_http_tls_session(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info == NULL ? NULL : info->tls_session;
}

/// What the connection callback stored for the connection, or NULL.
static inline void *mayfly_http_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/// The bytes from the method to the empty line that ends the header, both included; 0 when not known.
static inline size_t mayfly_http_head_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info == NULL ? 0 : info->header_size;
}

static inline void mayfly_http_each_header(struct MHD_Connection *connection, MHD_KeyValueIteratorN iterator,
                                           void *context) {
    (void) MHD_get_connection_values_n(connection, MHD_HEADER_KIND, iterator, context);
}

/// A response holding a copy of `bytes`, or NULL.
static inline struct MHD_Response *mayfly_http_response(const void *bytes, size_t count) {
    return MHD_create_response_from_buffer(count, (void *) bytes, MHD_RESPMEM_MUST_COPY);
}

/// Gives memory that was freed back to the system; `malloc.h` is no part of Swift's Glibc.
static inline void mayfly_return_freed_memory(void) { malloc_trim(0); }

#endif
