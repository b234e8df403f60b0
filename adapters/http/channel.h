// The `http` channel: customers hand in, ask and fetch over HTTP, and are called at their webhooks.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "adapters/http/api.h"
#include "adapters/http/webhook_sender.h"
#include "core/channel/adapter.h"
#include "core/channel/listeners.h"

namespace sluis::http {

// Submission: a body goes to the content store as it comes, and 201 is said after the commit; an Idempotency-Key is the
// dedupe key, so a repeated request finds the first one's message. Delivery: posted to the account's webhook, or left
// awaiting until the customer acknowledges it. Safe after a crash: nothing is kept here that the store does not have.
// [Ownership] made by the adapter. [Threading] as Channel.
class HttpChannel final : public Channel {
 public:
  HttpChannel(const ChannelConfig& config, ChannelContext& context);
  ~HttpChannel() override;

  Status start() override;
  void stop(MonoTime deadline) override;
  [[nodiscard]] Identity identify(const Delivery& delivery) const override;
  void deliver(Attempt attempt) override;
  void probe(const Account* account, ProbeReport& report) override;
  [[nodiscard]] Health health() const override;

 private:
  const ChannelConfig config_;
  ChannelContext& context_;
  std::shared_ptr<Api> api_;               // shared with requests under way
  std::shared_ptr<WebhookSender> sender_;  // shared with its work in its pool
  Listeners::LeasePtr mount_;
  std::atomic<bool> running_{false};
};

}  // namespace sluis::http
