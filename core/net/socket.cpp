#include "core/net/socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluis::net {
namespace {

Error failure(const Address& address, const char* what) {
  return Error{"net.listen", fmt::format("{}: {}: {}", address.text(), what, std::strerror(errno))};
}

// A socket file outlives its process. Connecting tells whether somebody is behind it; only a dead one may go.
Status clear_stale(const Address& address) {
  const std::string path = address.host();
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return errno == ENOENT ? Status{} : Status{failure(address, "stat")};
  if (!S_ISSOCK(found.st_mode)) return Error{"net.listen", fmt::format("{}: exists and is not a socket", path)};
  Result<FileDescriptor> probe = make_stream_socket(AF_UNIX);
  if (!probe) return probe.error();
  if (::connect(probe->get(), address.data(), address.size()) == 0 || errno != ECONNREFUSED)
    return Error{"net.listen", fmt::format("{}: another process listens here", path)};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure(address, "unlink");
  return {};
}

}  // namespace

Result<FileDescriptor> make_stream_socket(int family) {
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return Error{"net.socket", fmt::format("no socket: {}", std::strerror(errno))};
  return socket;
}

Result<FileDescriptor> make_listening_socket(const Address& address, int backlog) {
  if (address.is_unix())
    if (Status cleared = clear_stale(address); !cleared) return cleared.error();
  Result<FileDescriptor> socket = make_stream_socket(address.family());
  if (!socket) return socket.error().in(address.text());
  const int fd = socket->get();
  const int on = 1;
  const int off = 0;
  if (address.is_unix()) {
    // The mode of the socket itself is what bind() gives to the file, so that it is never open to others, not even for
    // a moment.
    if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0) return failure(address, "fchmod");
  } else if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
    return failure(address, "SO_REUSEADDR");
  }
  if (address.family() == AF_INET6 && ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0)
    return failure(address, "IPV6_V6ONLY");
  if (::bind(fd, address.data(), address.size()) != 0) return failure(address, "bind");
  if (address.is_unix() && ::chmod(address.host().c_str(), S_IRUSR | S_IWUSR) != 0) return failure(address, "chmod");
  if (::listen(fd, backlog) != 0) return failure(address, "listen");
  return socket;
}

Address local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return Address::from(reinterpret_cast<const sockaddr*>(&storage), size);
}

}  // namespace sluis::net
