// The packed forms of stored records, each with its CRC-32C behind it (DESIGN §3.3: every record carries a checksum).
// What does not match its checksum reads as "none": the caller says corrupt, and nothing is deleted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/commands.h"
#include "core/store/records.h"

namespace sluis::sqlite {

std::string with_checksum(std::string packed);
// The packed bytes, or none when the checksum differs.
std::optional<std::string_view> checked(std::string_view stored);

// The message as it arrived. The customer is in it too; the column is what counts after a held message was routed.
std::string pack_message(const Message& message);
std::optional<Message> unpack_message(std::string_view stored);

// What never changes of a delivery.
struct FixedPart {
  std::string account, address, route, policy, lane;
  Identity identity;
  Attributes options;
  std::vector<Wakeup> wakeups;  // as it was made; a resend gets them again, moved to its own time
};
std::string pack_fixed(const FixedPart& fixed);
std::optional<FixedPart> unpack_fixed(std::string_view stored);

std::string pack_receipt(const Receipt& receipt);
std::optional<Receipt> unpack_receipt(std::string_view stored);

// Without a checksum of its own: the chain value beside it is one.
std::string pack_entry(const TimelineEntry& entry);
std::optional<TimelineEntry> unpack_entry(std::string_view stored);
// chain_n = SHA-256(chain_{n-1} || entry || message id); chain_0 = SHA-256(stored message record), so that the record
// cannot be changed behind its timeline's back.
Sha256 chain_start(std::string_view stored_message);
Sha256 chain_next(const Sha256& previous, std::string_view packed_entry, const MessageId& message);

std::string pack_incident(const IncidentChange& change);
std::optional<IncidentChange> unpack_incident(std::string_view stored);

std::string pack_replies(const std::vector<Reply>& replies);
std::optional<std::vector<Reply>> unpack_replies(std::string_view stored);

// One digest over all parts: whether a duplicate's bytes are the first one's.
Sha256 parts_digest(const Parts& parts);

}  // namespace sluis::sqlite
