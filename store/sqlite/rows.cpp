#include "store/sqlite/rows.h"

#include <cstring>
#include <limits>

#include "core/runtime/packing.h"
#include "store/sqlite/connection.h"

namespace sluis::sqlite {

namespace {

constexpr std::size_t checksum_size = 4;

void pack_time(Packer& packer, WallTime at) {
  packer.number(static_cast<std::uint64_t>(microseconds(at)));
}
WallTime unpack_time(Unpacker& unpacker) {
  return wall_time(static_cast<std::int64_t>(unpacker.number()));
}

void pack_id(Packer& packer, const std::optional<MessageId>& id) {
  packer.text(id ? octets(*id) : std::string_view{});
}
std::optional<MessageId> unpack_id(Unpacker& unpacker) {
  const std::string_view bytes = unpacker.text();
  if (bytes.size() != MessageId{}.bytes.size()) return std::nullopt;
  MessageId id;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

// False for a number beyond the last enumerator: the record is of another version, or was never written by us.
template <class Enum>
bool unpack_enum(Unpacker& unpacker, Enum last, Enum& into) {
  const std::uint64_t value = unpacker.number();
  into = value <= static_cast<std::uint64_t>(last) ? static_cast<Enum>(value) : last;
  return value <= static_cast<std::uint64_t>(last);
}

bool unpack_attributes(Unpacker& unpacker, Attributes& into) {
  auto parsed = Attributes::parse(unpacker.text());
  if (!parsed.ok()) return false;
  into = std::move(parsed).value();
  return true;
}

}  // namespace

std::string with_checksum(std::string packed) {
  const std::uint32_t crc = crc32c(packed);
  for (unsigned shift = 0; shift < 32; shift += 8) packed += static_cast<char>((crc >> shift) & 0xFFU);
  return packed;
}

std::optional<std::string_view> checked(std::string_view stored) {
  if (stored.size() < checksum_size) return std::nullopt;
  const std::string_view packed = stored.substr(0, stored.size() - checksum_size);
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < checksum_size; ++i)
    crc |= static_cast<std::uint32_t>(static_cast<unsigned char>(stored[packed.size() + i])) << (8 * i);
  if (crc != crc32c(packed)) return std::nullopt;
  return packed;
}

std::string pack_message(const Message& message) {
  Packer packer;
  pack_time(packer, message.received_at);
  packer.text(message.from);
  packer.text(message.customer);
  pack_id(packer, message.in_reply_to);
  packer.text(message.attributes.serialize());
  packer.number(message.parts.size());
  for (const Part& part : message.parts) {
    packer.number(static_cast<std::uint64_t>(part.role));
    packer.text(part.media_type);
    packer.text(part.file_name);
    packer.text(octets(part.content.sha256));
    packer.number(part.content.size);
    packer.text(part.content.handle);
  }
  return with_checksum(std::move(packer).bytes());
}

std::optional<Message> unpack_message(std::string_view stored) {
  const auto packed = checked(stored);
  if (!packed) return std::nullopt;
  Unpacker unpacker(*packed);
  Message message;
  message.received_at = unpack_time(unpacker);
  message.from = unpacker.text();
  message.customer = unpacker.text();
  message.in_reply_to = unpack_id(unpacker);
  if (!unpack_attributes(unpacker, message.attributes)) return std::nullopt;
  const std::uint64_t count = unpacker.number();
  for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
    Part part;
    if (!unpack_enum(unpacker, PartRole::original, part.role)) return std::nullopt;
    part.media_type = unpacker.text();
    part.file_name = unpacker.text();
    const std::string_view digest = unpacker.text();
    if (digest.size() != part.content.sha256.size()) return std::nullopt;
    std::memcpy(part.content.sha256.data(), digest.data(), digest.size());
    part.content.size = unpacker.number();
    part.content.handle = unpacker.text();
    message.parts.push_back(std::move(part));
  }
  if (!unpacker.finished()) return std::nullopt;
  return message;
}

std::string pack_fixed(const FixedPart& fixed) {
  Packer packer;
  for (const std::string* text :
       {&fixed.account, &fixed.address, &fixed.route, &fixed.policy, &fixed.lane, &fixed.identity.value})
    packer.text(*text);
  packer.number(fixed.identity.references.size());
  for (const Reference& reference : fixed.identity.references)
    for (const std::string* text : {&reference.kind, &reference.scope, &reference.value}) packer.text(*text);
  packer.text(fixed.options.serialize());
  packer.number(fixed.wakeups.size());
  for (const Wakeup& wakeup : fixed.wakeups) {
    pack_time(packer, wakeup.at);
    packer.number(static_cast<std::uint64_t>(wakeup.kind));
    packer.number(static_cast<std::uint64_t>(wakeup.step));
  }
  return with_checksum(std::move(packer).bytes());
}

std::optional<FixedPart> unpack_fixed(std::string_view stored) {
  const auto packed = checked(stored);
  if (!packed) return std::nullopt;
  Unpacker unpacker(*packed);
  FixedPart fixed;
  for (std::string* text :
       {&fixed.account, &fixed.address, &fixed.route, &fixed.policy, &fixed.lane, &fixed.identity.value})
    *text = unpacker.text();
  const std::uint64_t references = unpacker.number();
  for (std::uint64_t i = 0; i < references && unpacker.good(); ++i) {
    Reference reference;
    for (std::string* text : {&reference.kind, &reference.scope, &reference.value}) *text = unpacker.text();
    fixed.identity.references.push_back(std::move(reference));
  }
  if (!unpack_attributes(unpacker, fixed.options)) return std::nullopt;
  const std::uint64_t wakeups = unpacker.number();
  for (std::uint64_t i = 0; i < wakeups && unpacker.good(); ++i) {
    Wakeup wakeup;
    wakeup.at = unpack_time(unpacker);
    if (!unpack_enum(unpacker, WakeupKind::report, wakeup.kind)) return std::nullopt;
    const std::uint64_t step = unpacker.number();
    if (step > static_cast<std::uint64_t>(std::numeric_limits<int>::max())) return std::nullopt;
    wakeup.step = static_cast<int>(step);
    fixed.wakeups.push_back(wakeup);
  }
  if (!unpacker.finished()) return std::nullopt;
  return fixed;
}

std::string pack_receipt(const Receipt& receipt) {
  Packer packer;
  packer.text(receipt.text);
  packer.text(receipt.details.serialize());
  return with_checksum(std::move(packer).bytes());
}

std::optional<Receipt> unpack_receipt(std::string_view stored) {
  const auto packed = checked(stored);
  if (!packed) return std::nullopt;
  Unpacker unpacker(*packed);
  Receipt receipt;
  receipt.text = unpacker.text();
  if (!unpack_attributes(unpacker, receipt.details) || !unpacker.finished()) return std::nullopt;
  return receipt;
}

std::string pack_entry(const TimelineEntry& entry) {
  Packer packer;
  pack_time(packer, entry.at);
  packer.text(entry.event);
  packer.number(entry.delivery ? static_cast<std::uint64_t>(number(*entry.delivery)) : 0);  // ids begin at 1
  packer.text(entry.text);
  packer.text(entry.details.serialize());
  return std::move(packer).bytes();
}

std::optional<TimelineEntry> unpack_entry(std::string_view stored) {
  Unpacker unpacker(stored);
  TimelineEntry entry;
  entry.at = unpack_time(unpacker);
  entry.event = unpacker.text();
  if (const auto delivery = static_cast<std::int64_t>(unpacker.number()); delivery != 0)
    entry.delivery = DeliveryId{delivery};
  entry.text = unpacker.text();
  if (!unpack_attributes(unpacker, entry.details) || !unpacker.finished()) return std::nullopt;
  return entry;
}

Sha256 chain_start(std::string_view stored_message) {
  return sha256(stored_message);
}

Sha256 chain_next(const Sha256& previous, std::string_view packed_entry, const MessageId& message) {
  Sha256Stream stream;
  stream.update(octets(previous));
  stream.update(packed_entry);
  stream.update(octets(message));
  return stream.finish();
}

std::string pack_incident(const IncidentChange& change) {
  Packer packer;
  packer.number(static_cast<std::uint64_t>(change.action));
  packer.text(change.key);
  packer.number(static_cast<std::uint64_t>(change.severity));
  packer.text(change.text);
  packer.text(change.channel);
  packer.text(change.customer);
  pack_id(packer, change.message);
  pack_time(packer, change.at);
  return with_checksum(std::move(packer).bytes());
}

std::optional<IncidentChange> unpack_incident(std::string_view stored) {
  const auto packed = checked(stored);
  if (!packed) return std::nullopt;
  Unpacker unpacker(*packed);
  IncidentChange change;
  if (!unpack_enum(unpacker, IncidentAction::close, change.action)) return std::nullopt;
  change.key = unpacker.text();
  if (!unpack_enum(unpacker, Severity::critical, change.severity)) return std::nullopt;
  change.text = unpacker.text();
  change.channel = unpacker.text();
  change.customer = unpacker.text();
  change.message = unpack_id(unpacker);
  change.at = unpack_time(unpacker);
  if (!unpacker.finished()) return std::nullopt;
  return change;
}

std::string pack_replies(const std::vector<Reply>& replies) {
  Packer packer;
  packer.number(replies.size());
  for (const Reply& reply : replies) {
    packer.text(reply.kind);
    packer.text(reply.bytes);
  }
  return with_checksum(std::move(packer).bytes());
}

std::optional<std::vector<Reply>> unpack_replies(std::string_view stored) {
  const auto packed = checked(stored);
  if (!packed) return std::nullopt;
  Unpacker unpacker(*packed);
  std::vector<Reply> replies;
  const std::uint64_t count = unpacker.number();
  for (std::uint64_t i = 0; i < count && unpacker.good(); ++i) {
    Reply reply;
    reply.kind = unpacker.text();
    reply.bytes = unpacker.text();
    replies.push_back(std::move(reply));
  }
  if (!unpacker.finished()) return std::nullopt;
  return replies;
}

Sha256 parts_digest(const Parts& parts) {
  Sha256Stream stream;
  for (const Part& part : parts) {
    stream.update(to_string(part.role));
    stream.update(octets(part.content.sha256));
  }
  return stream.finish();
}

}  // namespace sluis::sqlite
