// Load for a relay, and what it measures. Both ends are in this process, each on a thread of its own.
//
//   load LISTEN CONNECT round-trip COUNT    microseconds of a 20-byte request and its reply: p50 p99
//   load LISTEN CONNECT flood COUNT         messages of 20 bytes per second, one way
//   load LISTEN CONNECT paced COUNT RATE    RATE such messages per second, the clock's low 32 bits of microseconds in each:
//                                           messages per second in fact, then microseconds until they are read: p50 p99 most
//   load LISTEN CONNECT long COUNT [gpu]    bytes per second of 8 MiB messages; on a gpu channel if asked
//
// LISTEN is where the back-end listens, CONNECT what the front-end connects to; the same path for no relay at all.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { small = 20, large = 12 + (8 << 20) };

static int listener, count, long_on_gpu;
static double *delays;
static const char *what;
static double elapsed;

static void die(const char *text) {
  perror(text);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void read_all(int fd, void *buffer, size_t length) {
  for (size_t have = 0; have < length;) {
    ssize_t got = read(fd, (char *)buffer + have, length - have);
    if (got <= 0) die("read");
    have += got;
  }
}

static void write_all(int fd, const void *buffer, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t got = write(fd, (const char *)buffer + sent, length - sent);
    if (got <= 0) die("write");
    sent += got;
  }
}

static void head(void *message, uint32_t id, uint32_t flags, uint32_t size) {
  uint32_t words[3] = {id, flags, size};
  memcpy(message, words, sizeof words);
}

static struct sockaddr_un address(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  return name;
}

static int receive_fd(int socket) {
  char bytes[12], control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, 0) != 12) die("recvmsg");
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

static void send_fd(int socket, int fd) {
  char bytes[12], control[CMSG_SPACE(sizeof(int))] = {0};
  head(bytes, 33, 1, 0); // GPU_SET_SOCKET
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  if (sendmsg(socket, &message, 0) != 12) die("sendmsg");
}

static void *back_end(void *unused) {
  int fd = accept(listener, 0, 0);
  char *buffer = malloc(large);
  if (!strcmp(what, "round-trip")) {
    for (int i = 0; i < count; i++) {
      read_all(fd, buffer, small);
      head(buffer, 1, 5, small - 12);
      write_all(fd, buffer, small);
    }
  } else if (!strcmp(what, "flood")) {
    for (int i = 0; i < count; i++) read_all(fd, buffer, small);
    head(buffer, 2, 5, small - 12);
    write_all(fd, buffer, small);
  } else if (!strcmp(what, "paced")) {
    for (int i = 0; i < count; i++) {
      read_all(fd, buffer, small);
      uint32_t sent;
      memcpy(&sent, buffer + 16, sizeof sent);
      delays[i] = (uint32_t)((uint32_t)(uint64_t)(now() * 1e6) - sent);
    }
    head(buffer, 2, 5, small - 12);
    write_all(fd, buffer, small);
  } else {
    int to = long_on_gpu ? receive_fd(fd) : fd;
    memset(buffer, 0x5a, large);
    head(buffer, 8, 1, large - 12); // UPDATE
    for (int i = 0; i < count; i++) write_all(to, buffer, large);
  }
  char last;
  while (read(fd, &last, 1) > 0);
  close(fd);
  return unused;
}

static int compare(const void *a, const void *b) {
  double x = *(double *)a, y = *(double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  what = argv[3];
  count = atoi(argv[4]);
  long_on_gpu = argc > 5;
  delays = malloc(count * sizeof *delays);
  unlink(argv[1]);
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un here = address(argv[1]), there = address(argv[2]);
  if (bind(listener, (void *)&here, sizeof here) || listen(listener, 8)) die("listen");
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  for (int tries = 0; connect(fd, (void *)&there, sizeof there); tries++) {
    if (tries == 500) die("connect");
    usleep(10000);
  }
  pthread_t thread;
  pthread_create(&thread, 0, back_end, 0);
  char *buffer = malloc(large);
  if (!strcmp(what, "round-trip")) {
    double *times = malloc(count * sizeof *times);
    for (int i = 0; i < count; i++) {
      double start = now();
      head(buffer, 1, 1, small - 12);
      write_all(fd, buffer, small);
      read_all(fd, buffer, small);
      times[i] = (now() - start) * 1e6;
    }
    int skip = count / 10;
    qsort(times + skip, count - skip, sizeof *times, compare);
    printf("%.2f %.2f\n", times[skip + (count - skip) / 2], times[skip + (count - skip) * 99 / 100]);
  } else if (!strcmp(what, "flood")) {
    double start = now();
    head(buffer, 35, 1, small - 12); // VRING_KICK
    for (int i = 0; i < count; i++) write_all(fd, buffer, small);
    read_all(fd, buffer, small);
    elapsed = now() - start;
    printf("%.0f\n", count / elapsed);
  } else if (!strcmp(what, "paced")) {
    double rate = argc > 5 ? atof(argv[5]) : 50000, start = now();
    head(buffer, 35, 1, small - 12); // VRING_KICK
    memset(buffer + 12, 0, 4);
    for (int i = 0; i < count;) {
      // As many as are due: the pauses are those of the scheduler, some 60 microseconds.
      for (int due = (now() - start) * rate; i < due && i < count; i++) {
        uint32_t sent = (uint32_t)(uint64_t)(now() * 1e6);
        memcpy(buffer + 16, &sent, sizeof sent);
        write_all(fd, buffer, small);
      }
      usleep(1);
    }
    read_all(fd, buffer, small);
    elapsed = now() - start;
    qsort(delays, count, sizeof *delays, compare);
    printf("%.0f %.0f %.0f %.0f\n", count / elapsed, delays[count / 2], delays[(int)(count * .99)], delays[count - 1]);
  } else {
    int from = fd, pair[2];
    if (long_on_gpu) {
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) die("socketpair");
      send_fd(fd, pair[1]);
      close(pair[1]);
      from = pair[0];
    }
    double start = now();
    for (int i = 0; i < count; i++) read_all(from, buffer, large);
    elapsed = now() - start;
    printf("%.0f\n", (double)count * large / elapsed);
  }
  close(fd);
  pthread_join(thread, 0);
  unlink(argv[1]);
  return 0;
}
