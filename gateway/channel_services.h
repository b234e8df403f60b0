// What a channel's context is made of, each over the store: settlements, durable state, mailbox, leases, incidents, accounts.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "core/channel/context.h"
#include "core/channel/messages.h"
#include "core/delivery/generation.h"
#include "core/store/store.h"

namespace sluis::gateway {

// [Threading] each as its interface says. [Ownership] store and generations outlive them.
class StoreSettlements final : public Settlements {
 public:
  StoreSettlements(Store& store, const Clock& clock) : store_(store), clock_(clock) {}
  void settle(std::vector<Settlement> settlements, std::function<void(std::vector<Status>)> done) override;

 private:
  Store& store_;
  const Clock& clock_;
};

class StoreChannelState final : public ChannelState {
 public:
  StoreChannelState(Store& store, std::string channel) : store_(store), channel_(std::move(channel)) {}
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view prefix) override;
  void put(std::vector<StateWrite> writes, std::function<void(Status)> done) override;

 private:
  Store& store_;
  const std::string channel_;
};

class StoreMailbox final : public Mailbox {
 public:
  StoreMailbox(Store& store, std::string channel) : store_(store), channel_(std::move(channel)) {}
  Result<std::vector<Item>> list(std::string_view customer, DeliveryId after, std::size_t limit) override;

 private:
  Store& store_;
  const std::string channel_;
};

// [Security] every read is checked here against the customer that asks, whatever the store's own filters do.
class StoreMessages final : public Messages {
 public:
  explicit StoreMessages(Store& store) : store_(store) {}
  Result<std::vector<OneMessage>> list(std::string_view customer, const Filter& filter) override;
  Result<std::optional<OneMessage>> show(std::string_view customer, const MessageId& id) override;
  Result<std::optional<Found>> delivery(std::string_view customer, DeliveryId id) override;

 private:
  Store& store_;
};

class StoreIncidents final : public Incidents {
 public:
  StoreIncidents(Store& store, const Clock& clock, Log log, std::string channel)
      : store_(store), clock_(clock), log_(std::move(log)), channel_(std::move(channel)) {}
  void open(std::string_view key, Severity severity, std::string_view text, std::string_view customer) override;
  void close(std::string_view key) override;

 private:
  Store& store_;
  const Clock& clock_;
  const Log log_;
  const std::string channel_;
};

// Leases of one node: taken in the store for a minute, renewed every twenty seconds, so that a second gateway on the same
// store (PostgreSQL) takes over when this one is gone.
class StoreLeases final : public Leases {
 public:
  StoreLeases(Store& store, const Clock& clock, Executor& timers, std::string holder)
      : store_(store), clock_(clock), timers_(timers), holder_(std::move(holder)) {}
  std::unique_ptr<Lease> acquire(std::string_view name, std::function<void(bool held)> changed) override;

 private:
  Store& store_;
  const Clock& clock_;
  Executor& timers_;
  const std::string holder_;
};

// A channel's accounts, always of the current generation.
class GenerationAccounts final : public Accounts {
 public:
  GenerationAccounts(const Generations& generations, std::string channel) : generations_(generations), channel_(std::move(channel)) {}
  [[nodiscard]] std::vector<std::shared_ptr<const Account>> all() const override;
  [[nodiscard]] std::shared_ptr<const Account> find(std::string_view customer) const override;
  [[nodiscard]] std::shared_ptr<const Customer> customer(std::string_view id) const override;
  [[nodiscard]] std::shared_ptr<const Customer> customer_by(std::string_view kind, std::string_view value) const override;
  void on_change(std::function<void(const AccountChanges&)> listener) override;
  // After a reload, by whoever swapped the generation.
  void changed(const AccountChanges& changes);

 private:
  const Generations& generations_;
  const std::string channel_;
  std::mutex mutex_;
  std::function<void(const AccountChanges&)> listener_;
};

}  // namespace sluis::gateway
