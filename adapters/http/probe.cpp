#include "adapters/http/probe.h"

#include <fmt/format.h>

#include <future>
#include <utility>

#include "core/net/connector.h"
#include "core/net/http/client.h"

namespace sluis::http {

namespace {

// Tells how the TLS handshake ended, once.
class Handshake final : public net::ConnectionHandler {
 public:
  explicit Handshake(std::promise<Result<net::TlsInfo>> done) : done_(std::move(done)) {}
  void on_bytes(std::string_view) override {}
  void on_tls(const net::TlsInfo& info) override { tell(info); }
  void on_timeout() override { tell(Error{"tls.timeout", "no handshake in ten seconds"}); }
  void on_closed(const Error& reason) override { tell(reason); }

 private:
  void tell(Result<net::TlsInfo> result) {
    if (!std::exchange(told_, true)) done_.set_value(std::move(result));
  }
  std::promise<Result<net::TlsInfo>> done_;
  bool told_ = false;
};

}  // namespace

void probe_webhook(const Account& account, const Network& network, std::shared_ptr<const net::TlsContext> tls,
                   ProbeReport& report) {
  const auto url = net::http::Url::parse(account.settings.text("webhook.url"));
  if (!url) return report.failed("webhook", url.error().what);
  if (network.loops == nullptr || network.connector == nullptr) return report.failed("tcp", "there is no network here");
  net::EventLoop& loop = network.loops->next();
  net::ConnectRequest request;
  request.host = url->origin.host;
  request.port = url->origin.port;
  const auto connected =
      std::make_shared<std::promise<Result<std::shared_ptr<net::Connection>>>>();  // shared with the callback
  network.connector->connect(loop, request, [connected](Result<std::shared_ptr<net::Connection>> result) {
    connected->set_value(std::move(result));
  });
  auto connection = connected->get_future().get();
  if (!connection) return report.failed("tcp", connection.error().what);
  report.passed("tcp", fmt::format("connected to {}", (*connection)->remote().text()));
  if (!url->origin.tls) {
    loop.post([c = std::move(*connection)] { c->close(); });
    return report.passed("tls", "none: the address is http:");
  }
  std::promise<Result<net::TlsInfo>> done;
  auto ended = done.get_future();
  const auto handler = std::make_shared<Handshake>(std::move(done));  // shared with the connection
  loop.post([c = *connection, handler, tls, host = url->origin.host] {
    c->start(handler);
    c->set_deadline(10s);
    if (Status begun = c->start_tls_client(tls, host); !begun) handler->on_closed(begun.error());
  });
  const auto info = ended.get();
  loop.post([c = *connection] { c->close(); });
  if (!info) return report.failed("tls", info.error().what);
  report.passed("tls", fmt::format("{}, {}", info->version, info->cipher));
}

}  // namespace sluis::http
