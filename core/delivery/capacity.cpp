#include "core/delivery/capacity.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/delivery/incident_key.h"

namespace sluis {

namespace {

void down(std::map<std::string, std::size_t, std::less<>>& counts, const std::string& key) {
  const auto at = counts.find(key);
  if (at == counts.end()) return;
  if (--at->second == 0) counts.erase(at);
}

// Customers who use the channel's own account: those without one of theirs, and deliveries of no customer.
void close_own_account(const Generation& generation, const std::string& channel, std::vector<std::string>& closed) {
  closed.emplace_back();
  for (const auto& [id, customer] : generation.customers)
    if (!generation.accounts.contains({channel, id})) closed.push_back(id);
}

// Whether a delivery planned with this account goes by the channel's own: planned so, or its account has gone since.
bool shares(const Generation& generation, const std::string& channel, const std::string& account) {
  return account.empty() || !generation.accounts.contains({channel, account});
}

}  // namespace

void Capacity::begin(const Destination& destination, const std::string& customer) {
  ChannelLoad& load = channels_[destination.channel];
  ++load.in_flight;
  ++load.by_customer[customer];
  ++load.by_account[destination.account];
  ++load.begun;
  load.elsewhere = !destination.account.empty();
  if (!load.elsewhere && !load.had_turn.insert(customer).second) load.had_turn = {customer};  // a round began
  load.pace.take();
}

void Capacity::end(const Destination& destination, const std::string& customer) {
  ChannelLoad& load = channels_[destination.channel];
  if (load.in_flight > 0) --load.in_flight;
  down(load.by_customer, customer);
  down(load.by_account, destination.account);
}

std::vector<IncidentChange> Capacity::ended(const Destination& destination, PeerSign sign, const std::string& reason,
                                            const EngineSettings& settings, MonoTime now, WallTime wall) {
  ChannelLoad& load = channels_[destination.channel];
  std::vector<IncidentChange> changes;
  const auto change = [&](IncidentAction action, std::string key, std::string text) {
    IncidentChange c;
    c.action = action;
    c.key = std::move(key);
    c.severity = Severity::warning;
    c.text = std::move(text);
    c.channel = destination.channel;
    c.customer = destination.account;
    c.at = wall;
    changes.push_back(std::move(c));
  };
  switch (sign) {
    case PeerSign::unknown: break;
    case PeerSign::channel_trouble:
      if (load.breaker.failed(now, settings))
        change(IncidentAction::open, incident_key::breaker(destination.channel),
               fmt::format("{} attempts in a row failed, nothing is tried for {}: {}", settings.breaker_failures,
                           format_duration(settings.breaker_pause), reason));
      break;
    case PeerSign::account_trouble:
      // The channel itself answered, so its own breaker may close.
      if (load.breaker.succeeded())
        change(IncidentAction::close, incident_key::breaker(destination.channel), "the peer answers again");
      if (load.accounts[destination.account].failed(now, settings))
        change(IncidentAction::open, incident_key::breaker(destination.channel, destination.account),
               fmt::format("{} attempts in a row with this account failed, nothing is tried with it for {}: {}",
                           settings.breaker_failures, format_duration(settings.breaker_pause), reason));
      break;
    case PeerSign::alive:
      if (load.breaker.succeeded())
        change(IncidentAction::close, incident_key::breaker(destination.channel), "the peer answers again");
      if (const auto at = load.accounts.find(destination.account); at != load.accounts.end()) {
        if (at->second.succeeded())
          change(IncidentAction::close, incident_key::breaker(destination.channel, destination.account),
                 "the account works again");
        load.accounts.erase(at);
      }
      break;
  }
  return changes;
}

Holds Capacity::holds(const Generation& generation, const ChannelDirectory& channels, MonoTime now) {
  Holds holds;
  for (auto& [name, load] : channels_) {
    if (load.round_is_over()) load.had_turn.clear();
    load.offered = load.begun = 0;
  }
  for (const auto& [name, config] : generation.channels) {
    if (!channels.open(name)) continue;
    auto channel_room = room(generation, config, channels_[name], now);
    if (!channel_room) continue;
    for (PausedPart& paused : channels.paused_parts(name))
      if (paused.flow.empty())
        channel_room->closed_customers.push_back(std::move(paused.customer));
      else
        channel_room->closed_flows.push_back({std::move(paused.customer), std::move(paused.flow)});
    holds.channels.push_back(std::move(*channel_room));
  }
  return holds;
}

std::optional<Holds::Room> Capacity::room(const Generation& generation, const ChannelConfig& config, ChannelLoad& load,
                                          MonoTime now) {
  load.pace.rate(config.per_second, now);
  load.paced_out = false;
  const auto most = static_cast<std::size_t>(std::max(config.concurrency, 1));
  if (load.in_flight >= most) return std::nullopt;

  Holds::Room room;
  room.channel = config.name;
  room.free = most - load.in_flight;
  const std::size_t paced = load.pace.ready(now);
  if (paced == 0) {
    load.paced_out = true;
    return std::nullopt;
  }
  room.free = std::min(room.free, paced);

  switch (load.breaker.at(now)) {
    case Breaker::State::open: return std::nullopt;
    case Breaker::State::probing:
      if (load.in_flight > 0) return std::nullopt;
      room.free = 1;
      break;
    case Breaker::State::closed: break;
  }

  const auto per_account = static_cast<std::size_t>(std::max(config.account_concurrency, 1));
  room.per_customer = per_account;
  for (const auto& [customer, in_flight] : load.by_customer) {
    if (in_flight >= per_account)
      room.closed_customers.push_back(customer);
    else  // one number for all: what the busiest that is not full has left; the next claim gives the others more
      room.per_customer = std::min(room.per_customer, per_account - in_flight);
  }
  std::size_t shared = 0;
  for (const auto& [account, in_flight] : load.by_account)
    if (shares(generation, config.name, account)) shared += in_flight;
  // A channel without an account of its own has none that could be shared.
  const bool limited = config.own_account != nullptr;
  if (limited && shared >= per_account) {
    close_own_account(generation, config.name, room.closed_customers);
  } else if (limited) {
    // Whoever takes it, a claim never brings more than the account has left; the next claim gives the others more.
    room.free = std::min(room.free, per_account - shared);
    if (load.elsewhere)
      room.closed_customers.insert(room.closed_customers.end(), load.had_turn.begin(), load.had_turn.end());
  }

  for (const auto& [account, breaker] : load.accounts) {
    const Breaker::State state = breaker.at(now);
    if (state == Breaker::State::closed) continue;
    if (state == Breaker::State::open || (account.empty() ? shared > 0 : load.by_account.contains(account))) {
      if (account.empty())
        close_own_account(generation, config.name, room.closed_customers);
      else
        room.closed_customers.push_back(account);
    } else if (account.empty()) {
      room.free = 1;  // many customers share it, and the probe is one
    } else {
      room.per_customer = 1;
    }
  }
  if (limited && shared < per_account) load.offered = room.free;
  return room;
}

std::optional<MonoTime> Capacity::next_room(MonoTime now) {
  std::optional<MonoTime> next;
  const auto earliest = [&](MonoTime at) {
    if (at > now && (!next || at < *next)) next = at;
  };
  for (auto& [name, load] : channels_) {
    if (load.round_is_over()) next = now;  // those who had their turn may have it again
    if (load.paced_out) earliest(load.pace.next(now));
    if (load.breaker.at(now) == Breaker::State::open) earliest(load.breaker.until());
    for (const auto& [account, breaker] : load.accounts)
      if (breaker.at(now) == Breaker::State::open) earliest(breaker.until());
  }
  return next;
}

std::size_t Capacity::breakers_open(std::string_view channel, MonoTime now) const {
  const auto at = channels_.find(channel);
  if (at == channels_.end()) return 0;
  std::size_t open = at->second.breaker.at(now) != Breaker::State::closed ? 1 : 0;
  for (const auto& [account, breaker] : at->second.accounts)
    if (breaker.at(now) != Breaker::State::closed) ++open;
  return open;
}

}  // namespace sluis
