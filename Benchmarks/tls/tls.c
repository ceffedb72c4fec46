/* Asks over kept-alive TLS connections with a client certificate, and measures what the asking costs the server.
   usage: tls PORT CERTIFICATE KEY AUTHORITY REQUEST CONNECTIONS COUNT PID

   REQUEST is a file with one request, sent COUNT times over CONNECTIONS connections, one answer awaited before the next
   request. Handshakes and one request on each connection come first and are not counted. PID is the server's: its CPU
   time is taken from the kernel's process clock, before and after.

   Prints: ANSWERED REFUSED SECONDS CPU, CPU in microseconds of all counted requests. REFUSED are answers other than
   200. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM_CONNECTIONS 256
#define MAXIMUM_MESSAGE 65536

static SSL_CTX *context;
static struct sockaddr_in server;
static char request[MAXIMUM_MESSAGE];
static size_t request_size;
static atomic_long left, answered, refused;
static pthread_barrier_t warm, begun, done, measured;

static void fail(const char *what) {
    fprintf(stderr, "tls: %s\n", what);
    exit(1);
}

static double seconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) fail("no such clock");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Sends the request, reads one answer with a Content-Length, and says whether it is a 200. */
static int ask(SSL *session) {
    static _Thread_local char answer[MAXIMUM_MESSAGE + 1];
    if (SSL_write(session, request, (int)request_size) != (int)request_size) fail("cannot send");
    size_t size = 0;
    for (;;) {
        if (size == MAXIMUM_MESSAGE) fail("an answer is too long");
        int count = SSL_read(session, answer + size, (int)(MAXIMUM_MESSAGE - size));
        if (count <= 0) fail("the server closed a connection");
        size += (size_t)count;
        answer[size] = '\0';
        char *end = strstr(answer, "\r\n\r\n");
        if (end == NULL) continue;
        char *length = strcasestr(answer, "\r\nContent-Length:");
        if (length == NULL || length > end) fail("an answer has no length");
        if (size >= (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10)) break;
    }
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

static void *work(void *unused) {
    (void)unused;
    int socket_ = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (socket_ < 0 || connect(socket_, (struct sockaddr *)&server, sizeof server) != 0) fail("cannot connect");
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SSL *session = SSL_new(context);
    if (session == NULL || SSL_set_fd(session, socket_) != 1 || SSL_connect(session) != 1) fail("no handshake");
    if (!ask(session)) fail("the request is refused");
    pthread_barrier_wait(&warm);
    pthread_barrier_wait(&begun);
    while (atomic_fetch_sub(&left, 1) > 0) {
        if (ask(session)) {
            atomic_fetch_add(&answered, 1);
        } else {
            atomic_fetch_add(&refused, 1);
        }
    }
    /* The end of a connection costs the server something too, and belongs to no request. */
    pthread_barrier_wait(&done);
    pthread_barrier_wait(&measured);
    SSL_free(session);
    close(socket_);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 9) fail("usage: tls PORT CERTIFICATE KEY AUTHORITY REQUEST CONNECTIONS COUNT PID");
    int connections = atoi(argv[6]);
    long count = atol(argv[7]);
    clockid_t clock;
    if (connections < 1 || connections > MAXIMUM_CONNECTIONS || count < 1) fail("too many connections, or nothing to do");
    int pid = atoi(argv[8]);
    if (pid < 1 || clock_getcpuclockid((pid_t)pid, &clock) != 0) fail("no such process");
    signal(SIGPIPE, SIG_IGN);
    FILE *file = fopen(argv[5], "rb");
    if (file == NULL) fail("cannot read the request");
    request_size = fread(request, 1, sizeof request, file);
    fclose(file);
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons((unsigned short)atoi(argv[1]));
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_use_certificate_chain_file(context, argv[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(context, argv[4], NULL) != 1)
        fail("cannot use the certificates");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    atomic_store(&left, count);
    pthread_barrier_init(&warm, NULL, (unsigned)connections + 1);
    pthread_barrier_init(&begun, NULL, (unsigned)connections + 1);
    pthread_barrier_init(&done, NULL, (unsigned)connections + 1);
    pthread_barrier_init(&measured, NULL, (unsigned)connections + 1);
    static pthread_t threads[MAXIMUM_CONNECTIONS];
    for (int i = 0; i < connections; i += 1)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) fail("no thread");
    pthread_barrier_wait(&warm);
    double cpu = seconds(clock), start = seconds(CLOCK_MONOTONIC);
    pthread_barrier_wait(&begun);
    pthread_barrier_wait(&done);
    double end = seconds(CLOCK_MONOTONIC), used = seconds(clock) - cpu;
    pthread_barrier_wait(&measured);
    for (int i = 0; i < connections; i += 1) pthread_join(threads[i], NULL);
    printf("%ld %ld %.6f %.3f\n", atomic_load(&answered), atomic_load(&refused), end - start, used * 1e6);
    return 0;
}
