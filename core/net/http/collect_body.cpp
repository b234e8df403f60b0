#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/net/http/handler.h"

namespace sluis::net::http {
namespace {

class Collector final : public RequestHandler {
 public:
  Collector(Request request, Responder responder, std::shared_ptr<const ServeWhole> serve, std::uint64_t most)
      : request_(std::move(request)), responder_(std::move(responder)), serve_(std::move(serve)), most_(most) {
    // Not the announced length itself: a thousand announcements of 10 MB must not cost 10 GB.
    body_.reserve(std::min<std::uint64_t>({request_.content_length.value_or(0), most_, 64 * 1024}));
  }

  void on_body(std::string_view bytes) override {
    if (refused_) return;
    if (bytes.size() > most_ - body_.size()) {
      refused_ = true;
      std::string().swap(body_);
      responder_.respond(problem(413, fmt::format("a body above the limit of {} octets", most_), "http.body-size"));
      return;
    }
    body_ += bytes;
  }
  void on_end() override {
    if (!refused_) (*serve_)(request_, std::move(body_), std::exchange(responder_, Responder()));
  }

 private:
  const Request request_;
  Responder responder_;
  const std::shared_ptr<const ServeWhole> serve_;  // shared by every request of the mount
  const std::uint64_t most_;
  std::string body_;
  bool refused_ = false;
};

}  // namespace

Serve collect_body(ServeWhole serve, std::uint64_t most) {
  const auto shared = std::make_shared<const ServeWhole>(std::move(serve));
  return [shared, most](const Request& request, Responder responder) -> std::shared_ptr<RequestHandler> {
    return std::make_shared<Collector>(request, std::move(responder), shared, most);
  };
}

}  // namespace sluis::net::http
