#include "core/net/http/client.h"

#include <fmt/format.h>

#include <utility>

#include "core/net/http/client_core.h"
#include "core/net/http/target.h"

namespace sluis::net::http {
namespace {

class Fetcher final : public ResponseHandler {
 public:
  explicit Fetcher(std::function<void(Fetched)> done) : done_(std::move(done)) {}
  void on_response(const ResponseHead& head) override {
    fetched_.response.status = head.status;
    fetched_.response.headers = head.headers;
  }
  void on_body(std::string_view bytes) override { fetched_.response.body += bytes; }
  void on_done(const ClientResult& result) override {
    fetched_.result = result;
    done_(std::move(fetched_));
  }

 private:
  std::function<void(Fetched)> done_;
  Fetched fetched_;
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::not_sent: return "not sent";
    case Verdict::in_doubt: return "in doubt";
    case Verdict::answered: break;
  }
  return "answered";
}

std::string Origin::authority() const {
  const bool bracketed = host.find(':') != std::string::npos;
  std::string text = bracketed ? fmt::format("[{}]", host) : host;
  if (port != (tls ? 443 : 80)) text += fmt::format(":{}", port);
  return text;
}

std::string Origin::text() const {
  return fmt::format("{}://{}", tls ? "https" : "http", authority());
}

Result<Url> Url::parse(std::string_view text) {
  const auto refused = [&](std::string_view why) { return Error{"http.url", fmt::format("\"{}\": {}", text, why)}; };
  Url url;
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return refused("no http or https address");
  url.origin.tls = same_name(text.substr(0, scheme), "https");
  if (!url.origin.tls && !same_name(text.substr(0, scheme), "http")) return refused("no http or https address");
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  // "@" is no character of a host here: user information has no place in an address (RFC 9110 §4.2.4).
  if (!is_authority(authority) || authority.find('@') != std::string_view::npos) return refused("no proper host");
  url.origin.host = host_of(authority);
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  unsigned port = url.origin.tls ? 443 : 80;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket) &&
      colon + 1 < authority.size()) {
    port = 0;
    for (const char digit : authority.substr(colon + 1)) port = port * 10 + static_cast<unsigned>(digit - '0');
  }
  if (port == 0 || port > 65535) return refused("no proper port");
  url.origin.port = static_cast<std::uint16_t>(port);
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  for (const char c : url.target)
    if (c <= 0x20 || c >= 0x7F || c == '#') return refused("a character that must be percent-encoded, or a fragment");
  return url;
}

HttpClient::HttpClient(EventLoop& loop, Resolver& resolver, HttpClientSettings settings)
    : core_(std::make_shared<ClientCore>(loop, resolver, std::move(settings))) {}

HttpClient::~HttpClient() {
  stop();
}

void HttpClient::stop(Task done) {
  core_->loop.post([core = core_, done = std::move(done)]() mutable { core->stop(std::move(done)); });
}

ClientCall HttpClient::send(ClientRequest request, std::shared_ptr<ResponseHandler> handler) {
  auto state = std::make_shared<CallState>(core_->loop, core_, std::move(request), std::move(handler));
  core_->loop.post([core = core_, state] { core->begin(state); });
  return ClientCall(std::move(state));
}

ClientCall HttpClient::fetch(ClientRequest request, std::function<void(Fetched)> done) {
  return send(std::move(request), std::make_shared<Fetcher>(std::move(done)));
}

}  // namespace sluis::net::http
