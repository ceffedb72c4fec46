/* Sends each request of a file once, over many connections, and measures the answers.
   usage: replay PORT FILE CONNECTIONS RATE

   FILE holds requests one after the other, each preceded by its size in bytes, in decimal, and a newline. RATE is in
   requests per second; 0 sends as fast as the answers come (closed loop).

   With a rate the loop is open: request i is due at i / RATE seconds, whether or not earlier ones have been answered,
   and its latency counts from that moment, so a server that stalls cannot hide it by slowing the generator down.

   Prints: ANSWERED REFUSED SECONDS P50 P99 P999 MAX, latencies in microseconds. REFUSED are answers other than 2xx and
   those whose body holds "active":false. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM_CONNECTIONS 1024
#define MAXIMUM_ANSWER 65536

struct request {
    const char *bytes;
    size_t size;
};

struct connection {
    int socket;
    int is_busy;
    double due;
    const struct request *request;
    size_t sent, received;
    char answer[MAXIMUM_ANSWER + 1];
};

static struct connection connections[MAXIMUM_CONNECTIONS];
static struct pollfd polled[MAXIMUM_CONNECTIONS];
static struct request *requests;
static double *latencies;
static size_t request_count, next_request, answered, refused;

static double now_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "replay: %s\n", what);
    exit(1);
}

static void read_requests(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0 || info.st_size < 3) fail("cannot read the requests");
    size_t size = (size_t)info.st_size, filled = 0, capacity = 1024;
    char *bytes = malloc(size + 1);
    requests = malloc(capacity * sizeof *requests);
    if (bytes == NULL || requests == NULL) fail("out of memory");
    while (filled < size) {
        ssize_t count = read(file, bytes + filled, size - filled);
        if (count <= 0) fail("cannot read the requests");
        filled += (size_t)count;
    }
    close(file);
    bytes[size] = '\0';
    for (size_t at = 0; at < size;) {
        char *end = NULL;
        unsigned long length = strtoul(bytes + at, &end, 10);
        size_t start = (size_t)(end - bytes) + 1;
        if (*end != '\n' || length == 0 || length > size - start) fail("the requests are malformed");
        if (request_count == capacity) {
            capacity *= 2;
            requests = realloc(requests, capacity * sizeof *requests);
            if (requests == NULL) fail("out of memory");
        }
        requests[request_count++] = (struct request){bytes + start, length};
        at = start + length;
    }
    latencies = malloc(request_count * sizeof *latencies);
    if (latencies == NULL) fail("out of memory");
}

static void open_connection(struct connection *connection, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connection->socket < 0 || connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0)
        fail("cannot connect");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(connection->socket, F_SETFL, O_NONBLOCK);
}

static void send_more(struct connection *connection) {
    while (connection->sent < connection->request->size) {
        ssize_t count = send(connection->socket, connection->request->bytes + connection->sent,
                             connection->request->size - connection->sent, MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (count < 0) fail("the server closed a connection");
        connection->sent += (size_t)count;
    }
}

static void begin(struct connection *connection, double due) {
    connection->is_busy = 1;
    connection->due = due;
    connection->request = &requests[next_request++];
    connection->sent = connection->received = 0;
    send_more(connection);
}

/* Whether the whole answer is there: a head, and as many bytes as its Content-Length says. */
static int is_complete(struct connection *connection) {
    connection->answer[connection->received] = '\0';
    char *end = strstr(connection->answer, "\r\n\r\n");
    if (end == NULL) return 0;
    char *length = strcasestr(connection->answer, "\r\nContent-Length:");
    if (length == NULL || length > end) fail("an answer without Content-Length");
    size_t size = (size_t)(end + 4 - connection->answer) + strtoul(length + 17, NULL, 10);
    if (size > MAXIMUM_ANSWER) fail("an answer is too long");
    return connection->received >= size;
}

static void receive(struct connection *connection) {
    ssize_t count = recv(connection->socket, connection->answer + connection->received,
                         MAXIMUM_ANSWER - connection->received, 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) fail("the server closed a connection");
    connection->received += (size_t)count;
    if (!is_complete(connection)) return;
    latencies[answered++] = (now_seconds() - connection->due) * 1e6;
    if (strncmp(connection->answer, "HTTP/1.1 2", 10) != 0 || strstr(connection->answer, "\"active\":false") != NULL)
        refused += 1;
    connection->is_busy = 0;
}

/* Starts what is due on connections that are free; answers when to look again, or 0 when only an answer can help. */
static double start_due(int count, double rate, double start) {
    for (int i = 0; i < count && next_request < request_count; i += 1) {
        if (connections[i].is_busy) continue;
        double now = now_seconds(), due = rate > 0 ? start + (double)next_request / rate : now;
        if (due > now) return due;
        begin(&connections[i], due);
    }
    return 0;
}

static void run(int count, double rate) {
    double start = now_seconds();
    while (answered < request_count) {
        double due = start_due(count, rate, start);
        for (int i = 0; i < count; i += 1) {
            struct connection *one = &connections[i];
            polled[i].fd = one->is_busy ? one->socket : -1;
            polled[i].events = POLLIN;
            if (one->is_busy && one->sent < one->request->size) polled[i].events |= POLLOUT;
        }
        struct timespec wait = {0, 0};
        double left = due - now_seconds();
        if (due > 0 && left > 0) wait = (struct timespec){(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
        if (ppoll(polled, (nfds_t)count, due > 0 ? &wait : NULL, NULL) < 0 && errno != EINTR) fail("cannot wait");
        for (int i = 0; i < count; i += 1) {
            if (polled[i].fd < 0) continue;
            if (polled[i].revents & POLLOUT) send_more(&connections[i]);
            if (polled[i].revents & (POLLIN | POLLHUP | POLLERR)) receive(&connections[i]);
        }
    }
    double seconds = now_seconds() - start;
    printf("%zu %zu %.6f", answered, refused, seconds);
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double percentile(double share) {
    size_t index = (size_t)((double)answered * share);
    return latencies[index < answered ? index : answered - 1];
}

int main(int argc, char **argv) {
    if (argc != 5) fail("usage: replay PORT FILE CONNECTIONS RATE");
    int port = atoi(argv[1]), count = atoi(argv[3]);
    double rate = atof(argv[4]);
    if (port < 1 || port > 65535 || count < 1 || count > MAXIMUM_CONNECTIONS || rate < 0) fail("bad argument");
    read_requests(argv[2]);
    for (int i = 0; i < count; i += 1) open_connection(&connections[i], port);
    run(count, rate);
    qsort(latencies, answered, sizeof *latencies, compare);
    printf(" %.1f %.1f %.1f %.1f\n", percentile(0.5), percentile(0.99), percentile(0.999), latencies[answered - 1]);
    return 0;
}
