#include "gateway/control/protocol.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sluis::gateway {

Result<Json> parse_request(std::string_view line) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string())
    return Error{"control.syntax", "a request is one JSON object with a \"command\""};
  return request;
}

Json failure(const Error& error) { return {{"ok", false}, {"code", error.code}, {"error", error.what}}; }

Result<Json> ask(const std::string& socket_path, const Json& request) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return Error{"control.unreachable", fmt::format("{}: the path is too long for a socket", socket_path)};
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto unreachable = [&](std::string_view what) {
    const Error error{"control.unreachable", fmt::format("{}: {}: {}; is the gateway running?", socket_path, what, std::strerror(errno))};   // NOLINT(concurrency-mt-unsafe): one thread
    if (fd >= 0) ::close(fd);
    return error;
  };
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return unreachable("cannot connect");
  std::string line = dump(request) + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t n = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return unreachable("cannot send");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  std::string answer;
  std::array<char, 64 * 1024> buffer{};
  while (answer.find('\n') == std::string::npos) {
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreachable("cannot read");
    if (n == 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  Json json = Json::parse(answer, nullptr, false);
  if (!json.is_object()) return Error{"control.answer", "the gateway ended the connection without an answer"};
  return json;
}

}  // namespace sluis::gateway
