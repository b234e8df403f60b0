#include "core/net/socket_prefix.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sluis::net {

Result<std::size_t> peek_socket(int fd, char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t count = ::recv(fd, buffer, size, MSG_PEEK);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return Error{"net.eof", "the peer closed the connection"};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    return Error{errno == ECONNRESET ? "net.reset" : "net.io", std::strerror(errno)};
  }
}

void drop_from_socket(int fd, std::size_t count) {
  std::array<char, 4096> buffer;
  while (count > 0) {
    const ssize_t taken = ::recv(fd, buffer.data(), std::min(count, buffer.size()), 0);
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) return;  // cannot be: it has just been seen. The next read tells whatever it was
    count -= static_cast<std::size_t>(taken);
  }
}

}  // namespace sluis::net
