// What reads of the store give back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/commands.h"

namespace sluis {

struct DeliveryRecord {
  Delivery delivery;                     // delivery.message may be null in lists that did not ask for it
  MessageId message{};
  DeliveryState state = DeliveryState::queued;
  WallTime due_at;
  std::string reason;                    // of the last change
  std::string lane;
  std::optional<DeliveryId> behind;      // blocked: the one before it in its lane
  std::vector<Gate> gates;               // still shut
  std::optional<DeliveryId> resent_as, resend_of;
  bool lane_closed = false;              // it was refused and its lane waits for go-on or a replacement
  bool settled_by_answer = false;
  bool report = false;
  std::optional<Receipt> receipt;
  WallTime changed_at;
};

struct TimelineRecord {
  std::int64_t seq = 0;                  // 1, 2, … within the message
  TimelineEntry entry;
  Sha256 chain{};
};

struct MessageRecord {
  Message message;
  std::string held;                      // why the message itself waits; empty: it does not
  bool corrupt = false;                  // its record does not match its checksum
  bool purged_bodies = false;
  std::vector<DeliveryRecord> deliveries;
};

struct Tombstone {
  MessageId message{};
  std::int64_t entries = 0;              // that its timeline had
  Sha256 chain{};                        // the chain value of the last of them
  WallTime at;                           // when it was purged
};

struct IncidentRecord {
  std::int64_t id = 0;
  IncidentChange last;
  WallTime opened_at;
  std::optional<WallTime> closed_at;
  std::int64_t count = 1;
};

struct DueWakeup {
  WakeupKey key;
  WallTime at;
  DeliveryRecord delivery;               // with its message
};

struct MessageFilter {
  std::string customer, from, flow, to;  // empty: any; `to`: destination channel
  std::optional<DeliveryState> state;
  bool held_messages = false;            // only messages that wait themselves
  std::optional<WallTime> since, until;
  std::optional<MessageId> after;        // page: older than this one
  std::size_t limit = 100;
};

// What one reference leads to: the delivery whose identity or learned keys carry it, or the message that carries it.
struct ReferenceMatch {
  MessageId message{};
  std::optional<DeliveryId> delivery;
  std::string customer;
  std::string channel;                   // the delivery's destination, or the message's `from`
  bool open = false;                     // the delivery is not final, or is delivered and awaits nothing
  WallTime at;
};

struct QueueCount {
  std::string channel;
  DeliveryState state = DeliveryState::queued;
  std::int64_t count = 0;
  std::optional<WallTime> oldest;
};

struct VerifyFinding {
  std::string where, what;
};
struct VerifyReport {
  std::int64_t messages = 0, entries = 0, tombstones = 0, seals = 0;
  std::vector<VerifyFinding> findings;
};

}  // namespace sluis
