// Writes interchanges: for the other side of rehearsals, and for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "protocols/edifact/interchange.h"

namespace sluis::edifact {

using Components = std::vector<std::string>;
using Elements = std::vector<Components>;

// Octets with the release character before each separator in them; without one (a space) they must hold no separator.
SLUIS_PROTOCOLS_API std::string escape(std::string_view octets, const Separators& separators);

// Builds one interchange, UNB to UNZ; counts and repeats references by itself. Values are octets in the character set
// that `syntax_id` names; what was read as UTF-8 is that only in ASCII, UNOW and UNOY. Empty trailing components and
// elements are left out, as ISO 9735 §8 wants. [Use] begin_message(), segment()…, end_message(), any number of times;
// then finish() once. [Threading] one thread.
class SLUIS_PROTOCOLS_API InterchangeWriter {
 public:
  // `una` of the header decides whether UNA is written; `line_end` goes behind each terminator.
  explicit InterchangeWriter(const InterchangeHeader& header, std::string line_end = "");

  void begin_message(const MessageHeader& message);  // UNH, and BGM and RFF where the header has them
  void segment(std::string_view tag, const Elements& elements);
  void end_message();
  // The whole; the writer is then empty.
  std::string finish();

 private:
  Separators separators_;
  std::string line_end_;
  std::string control_reference_;
  std::string message_reference_;
  std::uint64_t segments_ = 0;
  std::uint64_t messages_ = 0;
  std::string out_;
};

}  // namespace sluis::edifact
