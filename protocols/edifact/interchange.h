// What a gateway must know of an EDIFACT interchange to recognise, route and correlate it: header, messages, counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"
#include "protocols/edifact/syntax.h"

namespace sluis::edifact {

struct Limits {
  SyntaxLimits syntax;
  std::size_t messages = 10'000;
  std::size_t references = 100;  // RFF kept of each message; more are counted only
};

struct Party {
  std::string id;
  std::string qualifier;
  bool operator==(const Party&) const = default;
};

// UNB. All text is UTF-8.
struct InterchangeHeader {
  Separators separators;
  bool una = false;
  std::string syntax_id;  // UNOA … UNOY
  std::string version;
  Party sender;
  Party recipient;
  std::string date;  // YYMMDD or CCYYMMDD, as it came
  std::string time;
  std::string control_reference;      // 0020
  std::string application_reference;  // 0026
  bool ack_request = false;           // 0031 is 1
  std::string test_indicator;         // 0035 as it came; empty and 0 are no test
  [[nodiscard]] bool test() const { return !test_indicator.empty() && test_indicator != "0"; }
};

// RFF C506.
struct Reference {
  std::string qualifier;  // 1153
  std::string value;      // 1154
  bool operator==(const Reference&) const = default;
};

// UNH, and what identifies the document in it.
struct MessageHeader {
  std::string reference;  // 0062
  std::string type;       // CUSDEC, CUSRES, CONTRL, …
  std::string version;
  std::string release;
  std::string agency;
  std::string association_code;
  std::string common_access_reference;  // 0068
  std::string document_name_code;       // BGM 1001
  std::string document_number;          // BGM 1004
  std::vector<Reference> references;
  std::size_t references_seen = 0;  // more than references.size(): the limit cut them
  std::size_t position = 0;         // octet of UNH
};

struct Interchange : InterchangeHeader {
  std::vector<MessageHeader> messages;
  std::size_t groups = 0;       // UNG; not looked into but for their counts
  std::uint64_t unz_count = 0;  // as stated, and checked
};

// Start of an interchange that may be longer than what was read.
struct Header {
  InterchangeHeader interchange;
  MessageHeader first_message;  // UNH only
};

// Reads one whole interchange and checks its envelope: UNT counts segments, UNE messages, UNZ messages or groups, and
// each repeats the reference it closes. Errors name the octet: those of SegmentReader; "edifact.unb", "edifact.unh",
// "edifact.nesting" (a service segment where none may be), "edifact.count", "edifact.reference", "edifact.charset",
// "edifact.trailing" (something behind UNZ; a part holds one interchange), "edifact.limit.messages".
// Pure; any thread.
SLUIS_PROTOCOLS_API Result<Interchange> read_interchange(std::string_view octets, const Limits& limits = {});

// UNB and the first UNH from the front of an interchange, however long it is; "edifact.truncated" when `prefix` ends
// before that. Checks nothing else. Pure; any thread.
SLUIS_PROTOCOLS_API Result<Header> read_header(std::string_view prefix, const Limits& limits = {});

}  // namespace sluis::edifact
