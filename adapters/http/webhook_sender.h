// Deliveries to customers' webhooks, each one POST.
#pragma once

#include <memory>
#include <string>

#include "core/channel/adapter.h"
#include "core/channel/context.h"
#include "core/net/http/client.h"
#include "core/runtime/worker_pool.h"

namespace sluis::http {

// An attempt on its way: one that nobody came to try ends as Retry, and not in doubt.
class PendingAttempt {
 public:
  explicit PendingAttempt(Attempt attempt) : attempt_(std::move(attempt)) {}
  PendingAttempt(const PendingAttempt&) = delete;
  PendingAttempt& operator=(const PendingAttempt&) = delete;
  ~PendingAttempt();
  [[nodiscard]] const Delivery& delivery() const { return attempt_.delivery(); }
  [[nodiscard]] bool cancelled() const { return attempt_.cancelled(); }
  void finish(Verdict verdict);

 private:
  Attempt attempt_;
  bool finished_ = false;
};

// [Ownership] one HTTP client, whose connections belong to it. [Threading] deliver(): any thread; bodies are put
// together in a pool of its own. [Errors] as verdict_of() says; what is wrong with the account holds the delivery.
class WebhookSender : public std::enable_shared_from_this<WebhookSender> {
 public:
  WebhookSender(const ChannelConfig& config, ChannelContext& context);
  Status start();
  void deliver(Attempt attempt, std::shared_ptr<const Account> account);
  void stop(Duration most);
  // The trust that webhooks are checked by; null before start().
  [[nodiscard]] std::shared_ptr<const net::TlsContext> tls() const { return tls_; }

 private:
  void send(const std::shared_ptr<PendingAttempt>& attempt, const Account& account);

  const ChannelConfig config_;
  ChannelContext& context_;
  const std::string path_;
  WorkerPool pool_{2};
  std::shared_ptr<const net::TlsContext> tls_;  // shared with connections
  std::unique_ptr<net::http::HttpClient> client_;
};

}  // namespace sluis::http
