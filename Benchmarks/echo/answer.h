/* What echo.c and floor.c share: an answer as the broker sent it, head and body, read from a file and sent again as
   fixed bytes, and a daemon with as many
   of the library's own threads as the broker has. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MAXIMUM_FIELDS 32
#define MAXIMUM_ANSWER 65536

static struct {
    char *name, *value;
} fields[MAXIMUM_FIELDS];
static int field_count;
static char answer[MAXIMUM_ANSWER + 1];
static char *body;
static size_t body_size;
/* PEM of the server's certificate and key; empty for plain HTTP. */
static char tls_certificate[MAXIMUM_ANSWER + 1], tls_key[MAXIMUM_ANSWER + 1];

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    return 1;
}

/* Whether the library writes this field by itself. */
static int is_automatic(const char *name) {
    return strcasecmp(name, "Content-Length") == 0 || strcasecmp(name, "Date") == 0 ||
           strcasecmp(name, "Connection") == 0;
}

static int read_answer(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return fail("cannot read the answer");
    size_t size = fread(answer, 1, MAXIMUM_ANSWER, file);
    fclose(file);
    answer[size] = '\0';
    char *end = strstr(answer, "\r\n\r\n");
    if (end == NULL) return fail("the answer has no head");
    end[2] = '\0';
    body = end + 4;
    body_size = size - (size_t)(body - answer);
    char *line = strstr(answer, "\r\n") + 2;
    while (*line != '\0' && field_count < MAXIMUM_FIELDS) {
        char *stop = strstr(line, "\r\n"), *colon = strchr(line, ':');
        if (stop == NULL || colon == NULL || colon > stop) return fail("a field of the answer cannot be read");
        *stop = *colon = '\0';
        fields[field_count].name = line;
        fields[field_count].value = colon + 1 + strspn(colon + 1, " ");
        if (!is_automatic(line)) field_count += 1;
        line = stop + 2;
    }
    return 0;
}

/* One for all connections, as the library's manual recommends for what is sent often. */
static struct MHD_Response *response;

static enum MHD_Result send_answer(struct MHD_Connection *connection) {
    return MHD_queue_response(connection, 200, response);
}

/* Prints the port and serves until it is killed. */
static int serve(MHD_AccessHandlerCallback handle, int threads) {
    response = MHD_create_response_from_buffer(body_size, body, MHD_RESPMEM_PERSISTENT);
    if (response == NULL) return fail("no response");
    for (int i = 0; i < field_count; i += 1) MHD_add_response_header(response, fields[i].name, fields[i].value);
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, tls_certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, tls_key},
                                   {MHD_OPTION_END, 0, NULL}};
    int is_tls = tls_key[0] != '\0';
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (is_tls ? MHD_USE_TLS : 0), 0, NULL, NULL, handle,
        NULL, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? (unsigned int)threads : 0u,
        MHD_OPTION_CONNECTION_LIMIT, 1024u, MHD_OPTION_ARRAY, is_tls ? tls : plain, MHD_OPTION_END);
    if (daemon == NULL) return fail("cannot listen");
    printf("%u\n", (unsigned int)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    pause();
    return 0;
}
