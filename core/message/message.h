// A message: what arrived, immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/attributes.h"
#include "core/message/content.h"
#include "core/runtime/clock.h"
#include "core/runtime/ids.h"

namespace sluis {

enum class PartRole { payload, attachment, original };   // original: the bytes as received (a raw mail), kept beside what was taken from them
SLUIS_CORE_API std::string_view to_string(PartRole role);
SLUIS_CORE_API std::optional<PartRole> parse_part_role(std::string_view text);

struct Part {
  PartRole role = PartRole::payload;
  std::string media_type = "application/octet-stream";
  std::string file_name;   // as the sender gave it; never used as a path
  Content content;
};
using Parts = std::vector<Part>;

struct Message {
  MessageId id;
  WallTime received_at;
  std::string from;       // the channel it arrived on; empty for a notice that the gateway made
  std::string customer;   // whose it is; empty when not known (unrouted)
  Attributes attributes;
  Parts parts;
  std::optional<MessageId> in_reply_to;

  // The first payload part, or null.
  [[nodiscard]] const Part* payload() const {
    for (const Part& part : parts)
      if (part.role == PartRole::payload) return &part;
    return nullptr;
  }
};

// A key by which a later message can be recognised as belonging to this one: a UNB control reference, an MRN, a Message-ID.
// `scope` keeps apart what different parties may number alike (authority, UNB sender and recipient).
struct Reference {
  std::string kind;    // "unb", "message-id", "mrn", "control-reference"
  std::string scope;
  std::string value;

  [[nodiscard]] std::string key() const { return kind + '\x1f' + scope + '\x1f' + value; }
  bool operator==(const Reference&) const = default;
};

}  // namespace sluis
