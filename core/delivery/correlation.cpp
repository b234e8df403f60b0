#include "core/delivery/correlation.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluis {

namespace {

std::optional<Environment> environment_of(const Generation& generation, const std::string& channel) {
  const auto at = generation.channels.find(channel);
  if (at == generation.channels.end()) return std::nullopt;
  return at->second.environment;
}

}  // namespace

Result<Correlation> correlated_to(Reader& reader, const MessageId& message, std::optional<DeliveryId> delivery) {
  Correlation found;
  auto original = reader.message(message);
  if (!original) return original.error();
  if (!*original) return found;
  found.original = std::move(**original);
  if (delivery)
    for (const DeliveryRecord& record : found.original->deliveries)
      if (record.delivery.id == *delivery) found.delivery = record;
  return found;
}

Result<Correlation> correlate(Reader& reader, const std::vector<Reference>& keys, const std::string& customer,
                              const std::string& channel, const Generation& generation) {
  const auto here = environment_of(generation, channel);
  for (const Reference& key : keys) {
    auto matches = reader.find(key);
    if (!matches) return matches.error();
    std::erase_if(*matches, [&](const ReferenceMatch& match) {
      if (!customer.empty() && match.customer != customer) return true;
      const auto there = environment_of(generation, match.channel);
      return here && there && *here != *there;
    });
    if (matches->empty()) continue;
    for (const ReferenceMatch& match : *matches)
      if (match.customer != matches->front().customer) {
        Correlation conflict;
        conflict.conflict = fmt::format("reference {} {} belongs to messages of customers {} and {}", key.kind,
                                        key.value, matches->front().customer, match.customer);
        return conflict;
      }
    // Newest first as they come; what is still open, and what went out by this very channel, is the more likely one.
    const auto rank = [&](const ReferenceMatch& match) {
      return (match.delivery && match.channel == channel ? 2 : 0) + (match.open ? 1 : 0);
    };
    const auto best =
        std::max_element(matches->begin(), matches->end(),
                         [&](const ReferenceMatch& a, const ReferenceMatch& b) { return rank(a) < rank(b); });
    auto found = correlated_to(reader, best->message, best->delivery);
    if (!found) return found.error();
    if (!found->original) continue;  // purged between the two reads
    if (!found->delivery) {
      // The message carries the key itself. It answers a delivery when only one went out by this channel.
      const DeliveryRecord* only = nullptr;
      std::size_t count = 0;
      for (const DeliveryRecord& record : found->original->deliveries)
        if (record.delivery.destination.channel == channel) {
          only = &record;
          ++count;
        }
      if (count == 1) found->delivery = *only;
    }
    return found;
  }
  return Correlation{};
}

}  // namespace sluis
