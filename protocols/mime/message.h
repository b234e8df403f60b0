// A whole, small mail as a tree, and which of its parts are what it carries.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/digest.h"
#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/mime/parser.h"

namespace sluis::mime {

// One entity. A value; owns its octets.
struct SLUIS_PROTOCOLS_API Entity {
  EntityInfo info;
  Headers headers;
  std::string body;  // decoded; empty when composite
  std::vector<Entity> children;
};

struct SLUIS_PROTOCOLS_API Message {
  Entity root;
  Findings findings;
};

struct MessageLimits {
  Limits structure;
  std::size_t octets = 16 * 1024 * 1024;  // of the mail as received: what is kept is never more
};

// [Errors] those of Parser, and "mime.size".
SLUIS_PROTOCOLS_API Result<Message> parse_message(std::string_view mail, MessageLimits limits = {},
                                                  Tolerances tolerances = {});

// Text that accompanies a payload: text/plain, or the text/html beside it in a multipart/alternative, that is neither
// called an attachment nor given a file name. `parent` is the type of the multipart around it. For those who stream.
SLUIS_PROTOCOLS_API bool is_cover_text(const EntityInfo& info, std::string_view parent);

// The leaves that are what the mail carries, in order: every one that is no cover text; and when the mail has one leaf
// only, that one, whatever it is (digipoort.md §1.3, "body" and "attachment"). Pointers into `root`.
SLUIS_PROTOCOLS_API std::vector<const Entity*> payload_parts(const Entity& root);

// What a built mail carries, read back: the proof that octets out are octets in (digipoort.md §1.3, byte rule). Feed
// what goes to the peer, then compare finish() with the digest of the payload. [Threading] one thread.
class SLUIS_PROTOCOLS_API PayloadProof final : private EntityHandler {
 public:
  PayloadProof() : parser_(*this, Limits{}, Tolerances::none()) {}
  Status feed(std::string_view built) { return parser_.feed(built); }
  // Digests of the payload parts in order. [Errors] those of Parser; "mime.ambiguous" when another reader could see
  // more.
  Result<std::vector<Sha256>> finish();

 private:
  Status begin_entity(const EntityInfo& info, const Headers& headers) override;
  Status body(std::string_view decoded) override;
  Status end_entity(const EntityInfo& info) override;

  struct Part {
    Sha256 digest{};
    bool cover = false;
  };
  Parser parser_;
  Sha256Stream digest_;
  std::vector<std::string> parents_;
  std::vector<Part> parts_;
};

}  // namespace sluis::mime
