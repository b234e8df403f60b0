// The `digipoort` channel: submission by SMTP-MSA, retrieval by POP3.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "adapters/digipoort/retriever.h"
#include "adapters/digipoort/submitter.h"
#include "core/channel/adapter.h"

namespace sluis::digipoort {

// Source: Logius, "Koppelvlak SMTP-MTA en SMTP-MSA/POP3"; protocols/digipoort.md §1.3 for what is not public.
// [Ownership] made by the adapter. [Threading] as Channel; one event loop for its connections, pools for content.
class DigipoortChannel final : public Channel {
 public:
  DigipoortChannel(const ChannelConfig& config, ChannelContext& context);
  ~DigipoortChannel() override;

  Status start() override;
  void stop(MonoTime deadline) override;
  [[nodiscard]] Identity identify(const Delivery& delivery) const override;
  void deliver(Attempt attempt) override;
  void probe(const Account* account, ProbeReport& report) override;
  [[nodiscard]] Health health() const override;

 private:
  const ChannelConfig config_;
  ChannelContext& context_;
  const std::string domain_;
  std::unique_ptr<Submitter> submitter_;
  std::unique_ptr<Retriever> retriever_;
  std::atomic<bool> running_{false};
};

}  // namespace sluis::digipoort
