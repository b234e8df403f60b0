// The API of one channel: which request is what, whose it is, and what it may see.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "adapters/http/forwarded_client.h"
#include "adapters/http/logins.h"
#include "adapters/http/reply.h"
#include "core/channel/adapter.h"
#include "core/channel/context.h"
#include "core/net/http/handler.h"
#include "core/runtime/worker_pool.h"

namespace sluis::http {

// [Ownership] shared with every request under way; after stop() none of them touches the context any more, apart from
// uploads that the deadline cut off, whose next octet is refused. [Threading] serve() on the loops; the rest any
// thread.
class Api : public std::enable_shared_from_this<Api> {
 public:
  Api(const ChannelConfig& config, ChannelContext& context);

  std::shared_ptr<net::http::RequestHandler> serve(const net::http::Request& request, net::http::Responder responder);
  void take_accounts();  // after start and each change
  void stop(Duration most);

 private:
  enum class Endpoint { submit, list, show, message_part, answers, answer, answer_part, acknowledge, description };
  struct Call {
    Endpoint endpoint{};
    std::string id;
    std::size_t part = 0;
    net::http::Request request;
    Client client;
    std::shared_ptr<const Account> account;  // shared with its generation
    ReplyPtr reply;
    [[nodiscard]] const std::string& customer() const { return account->customer; }
  };
  using CallPtr = std::shared_ptr<const Call>;  // shared: work in the pool is copied

  std::variant<Call, net::http::Response> find(const net::http::Request& request) const;
  std::optional<net::http::Response> log_in(const net::http::Request& request, const Client& client,
                                            std::shared_ptr<const Account>& account);
  std::shared_ptr<net::http::RequestHandler> submit(const CallPtr& call);
  std::shared_ptr<net::http::RequestHandler> stream(const CallPtr& call);
  void in_pool(const CallPtr& call, net::http::Response (Api::*answering)(const Call&));
  net::http::Response list(const Call& call);
  net::http::Response show(const Call& call);
  net::http::Response answers(const Call& call);
  net::http::Response answer(const Call& call);
  void acknowledge(const CallPtr& call);

  const ChannelConfig config_;
  ChannelContext& context_;
  const Log log_;
  const std::string path_;
  const std::shared_ptr<WorkerPool> pool_;
  const std::shared_ptr<Visits> visits_ = std::make_shared<Visits>();
  const ForwardedClients clients_;
  FailedLogins failures_;
  Metrics::Counter& failed_logins_;
  std::mutex mutex_;                          // guards what follows
  std::shared_ptr<const LoginIndex> logins_;  // shared: requests go on with the one they found
};

// adapters/http/openapi.yaml, with the path that the API is served under.
std::string openapi_document(std::string_view path);

}  // namespace sluis::http
