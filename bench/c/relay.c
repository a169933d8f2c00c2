// The measure for the relay: about the least a relay of vhost-user has to do, in C. One connection at a time: epoll,
// exact reads of a header and its payload with a control buffer, one send. Long messages are cut through.
//
//   relay LISTEN CONNECT
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { header = 12, chunk = 192 * 1024, most_fds = 253 };

struct flow {
  int from, to;
  uint32_t have, want, sent;
  uint64_t rest; // payload bytes of a long message that have not been read
  int blocked;
  int fds[most_fds], fd_count;
  union {
    char bytes[chunk];
    uint32_t words[3];
  };
};

static int epoll;
static struct flow forth, back;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_un address(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  return name;
}

static ssize_t receive(struct flow *flow) {
  char control[CMSG_SPACE(sizeof(int) * most_fds)];
  struct iovec part = {flow->bytes + flow->have, flow->want - flow->have};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(flow->from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got <= 0) return got;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(flow->fds + flow->fd_count, CMSG_DATA(c), count * sizeof(int));
    flow->fd_count += count;
  }
  return got;
}

static ssize_t deliver(struct flow *flow) {
  char control[CMSG_SPACE(sizeof(int) * most_fds)];
  struct iovec part = {flow->bytes + flow->sent, flow->have - flow->sent};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (flow->fd_count) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(flow->fd_count * sizeof(int));
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(flow->fd_count * sizeof(int));
    memcpy(CMSG_DATA(c), flow->fds, flow->fd_count * sizeof(int));
  }
  ssize_t sent = sendmsg(flow->to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return sent;
  for (int i = 0; i < flow->fd_count; i++) close(flow->fds[i]);
  flow->fd_count = 0;
  return sent;
}

static void watch(int fd, struct flow *reader, struct flow *writer, int operation) {
  struct epoll_event event = {.events = (reader->blocked ? 0 : EPOLLIN) | (writer->blocked ? EPOLLOUT : 0), .data.fd = fd};
  epoll_ctl(epoll, operation, fd, &event);
}

static void rewatch(void) {
  watch(forth.from, &forth, &back, EPOLL_CTL_MOD);
  watch(back.from, &back, &forth, EPOLL_CTL_MOD);
}

// Forwards what there is; -1 at the end of the connection.
static int run(struct flow *flow) {
  for (int turn = 0; turn < 32;) {
    if (!flow->blocked && flow->have < flow->want) {
      ssize_t got = receive(flow);
      if (got < 0 && errno == EAGAIN) return 0;
      if (got <= 0) return -1;
      flow->have += got;
      if (flow->rest) {
        flow->rest -= got;
      } else {
        if (flow->have < flow->want) continue;
        if (flow->want == header && flow->words[2]) {
          uint32_t size = flow->words[2];
          if (size > 65536) flow->rest = size;
          flow->want = size > chunk - header ? chunk : header + size;
          if (!flow->rest) continue;
        }
      }
    }
    while (flow->sent < flow->have) {
      ssize_t sent = deliver(flow);
      if (sent < 0 && errno == EAGAIN) {
        if (!flow->blocked) flow->blocked = 1, rewatch();
        return 0;
      }
      if (sent < 0) return -1;
      flow->sent += sent;
    }
    if (flow->blocked) flow->blocked = 0, rewatch();
    flow->have = flow->sent = 0;
    flow->want = flow->rest == 0 ? header : flow->rest > chunk ? chunk : flow->rest;
    turn++;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un here = address(argv[1]), there = address(argv[2]);
  if (bind(listener, (void *)&here, sizeof here) || listen(listener, 8)) die("listen");
  epoll = epoll_create1(0);
  for (;;) {
    int front = accept(listener, 0, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(other, (void *)&there, sizeof there)) die("connect");
    memset(&forth, 0, offsetof(struct flow, bytes));
    memset(&back, 0, offsetof(struct flow, bytes));
    forth.from = back.to = front;
    back.from = forth.to = other;
    forth.want = back.want = header;
    watch(front, &forth, &back, EPOLL_CTL_ADD);
    watch(other, &back, &forth, EPOLL_CTL_ADD);
    for (int over = 0; !over;) {
      struct epoll_event events[8];
      int count = epoll_wait(epoll, events, 8, -1);
      for (int i = 0; i < count && !over; i++) {
        struct flow *reader = events[i].data.fd == front ? &forth : &back, *writer = reader == &forth ? &back : &forth;
        if (writer->blocked && events[i].events & EPOLLOUT && run(writer) < 0) over = 1;
        else if (!reader->blocked && events[i].events & (EPOLLIN | EPOLLHUP) && run(reader) < 0) over = 1;
      }
    }
    close(front);
    close(other);
  }
}
