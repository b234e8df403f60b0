#include "core/delivery/quota.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace sluis {

namespace {

constexpr double hour = 3600e6;    // in the clock's microseconds
constexpr double rounding = 1e-9;  // of an hour's amount: what is there but for the clock's rounding is there

std::int64_t limit(const Generation& generation, std::string_view customer, std::optional<std::int64_t> Quota::*which) {
  if (const auto at = generation.customers.find(customer); at != generation.customers.end())
    if (const auto own = at->second->quota.*which) return *own;
  return (generation.quota.*which).value_or(0);
}

Refusal refusal(const std::string& customer, const std::string& amount, Duration wait) {
  return {Error{"intake.quota", fmt::format("customer {} has handed in its {} an hour; the next is taken in {}",
                                            customer, amount, format_duration(wait))},
          true, wait};
}

}  // namespace

// How long until `needed` of the hour's amount is free; zero: it is now.
Duration IntakeQuotas::Bucket::wait(std::int64_t an_hour, double needed, MonoTime now) {
  const double amount = static_cast<double>(an_hour);
  used = std::max(0.0, used - static_cast<double>((now - at).count()) * amount / hour);
  at = now;
  const double missing = used + needed - amount;
  if (missing <= amount * rounding) return Duration::zero();
  return std::max<Duration>(1ms, Duration{static_cast<Duration::rep>(std::ceil(missing / amount * hour))});
}

std::optional<Refusal> IntakeQuotas::take(const std::string& customer, std::uint64_t octets,
                                          const Generation& generation, MonoTime now) {
  const std::int64_t messages = limit(generation, customer, &Quota::messages_per_hour);
  const std::int64_t bytes = limit(generation, customer, &Quota::bytes_per_hour);
  if (messages <= 0 && bytes <= 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  Used& of = customers_[customer];
  if (messages > 0)
    if (const Duration wait = of.messages.wait(messages, 1, now); wait > Duration::zero())
      return refusal(customer, fmt::format("{} messages", messages), wait);
  if (bytes > 0)
    if (const Duration wait = of.octets.wait(bytes, 1, now); wait > Duration::zero())
      return refusal(customer, fmt::format("{} octets", bytes), wait);
  of.messages.used += 1;
  of.octets.used += static_cast<double>(octets);
  return std::nullopt;
}

Result<std::shared_ptr<void>> IntakeQuotas::enter(const std::string& customer, const Generation& generation) {
  const std::int64_t most = limit(generation, customer, &Quota::connections);
  const std::lock_guard lock(places_->mutex);
  std::int64_t& open = places_->open[customer];
  if (most > 0 && open >= most)
    return Error{"intake.quota",
                 fmt::format("customer {} has {} connections open, and may have no more", customer, open)};
  ++open;
  return std::shared_ptr<void>(nullptr, [places = places_, customer](void*) {
    const std::lock_guard leaving(places->mutex);
    if (const auto at = places->open.find(customer); at != places->open.end() && --at->second == 0)
      places->open.erase(at);
  });
}

}  // namespace sluis
