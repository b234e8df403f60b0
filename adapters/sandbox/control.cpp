#include "adapters/sandbox/control.h"

#include <unistd.h>

#include <utility>

namespace sluis::sandbox {
namespace {

constexpr std::size_t longest_line = 4096;

class ControlSession final : public net::ConnectionHandler {
 public:
  ControlSession(std::weak_ptr<net::Connection> connection, std::function<std::string(std::string_view)> answer)
      : connection_(std::move(connection)), answer_(std::move(answer)) {}

  void on_bytes(std::string_view bytes) override {
    const auto connection = connection_.lock();
    line_ += bytes;
    for (std::size_t end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
      connection->write(answer_(std::string_view(line_).substr(0, end)) + "\n");
      line_.erase(0, end + 1);
    }
    if (line_.size() > longest_line) connection->close();
  }
  void on_closed(const Error&) override { line_.clear(); }

 private:
  const std::weak_ptr<net::Connection> connection_;  // it holds this handler
  const std::function<std::string(std::string_view)> answer_;
  std::string line_;
};

}  // namespace

Result<std::unique_ptr<net::Listener>> open_control(net::LoopGroup& loops, const std::string& path,
                                                    std::function<std::string(std::string_view)> answer) {
  auto address = net::Address::unix_path(path);
  if (!address) return address.error();
  ::unlink(path.c_str());  // what a killed sandbox left
  net::ListenerSettings settings;
  settings.name = "control";
  return net::Listener::open(
      loops, *address,
      [answer = std::move(answer)](const std::shared_ptr<net::Connection>& connection) {
        return std::make_shared<ControlSession>(connection, answer);
      },
      settings);
}

}  // namespace sluis::sandbox
