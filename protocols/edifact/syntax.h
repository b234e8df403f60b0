// EDIFACT syntax (ISO 9735, versions 1 to 4): separators, release character, segments. Octets in, segments out; never
// assumes line breaks.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::edifact {

struct Separators {
  char component = ':';
  char element = '+';
  char decimal = '.';
  char release = '?';  // a space: there is none
  char terminator = '\'';
  bool operator==(const Separators&) const = default;
};

struct SyntaxLimits {
  std::size_t segment_octets = 64 * 1024;
  std::size_t segments = 1'000'000;
};

// The interchange starts here: `position` is the octet of UNB, behind the white space and the UNA before it.
struct Start {
  Separators separators;
  bool una = false;
  std::size_t position = 0;
};

// "UNA" or "UNB" with what must follow it, behind white space: cheap enough to ask of every payload.
SLUIS_PROTOCOLS_API bool looks_like_edifact(std::string_view octets);

// Separators come from UNA; without it they are those of level A, or of level B when its separator (0x1D) follows UNB
// (ISO 9735:1988 §5). Errors: "edifact.start" (neither), "edifact.una" (separators that cannot be told apart, or that
// are letters, digits or line breaks), "edifact.truncated".
SLUIS_PROTOCOLS_API Result<Start> find_start(std::string_view octets);

// One segment, as a view into the octets it was read from. Elements and components count from 0; element 0 is the tag.
struct SLUIS_PROTOCOLS_API Segment {
  std::string_view raw;      // without the terminator
  std::size_t position = 0;  // octet of the tag in the whole
  Separators separators;

  [[nodiscard]] std::string_view tag() const;
  // Octets of one component with the release characters taken out; empty when it is not there.
  [[nodiscard]] std::string value(std::size_t element, std::size_t component = 0) const;
};

// Gives one segment after the other. White space between segments is passed over; every other octet belongs to a
// segment. Errors end it, and name the octet: "edifact.truncated" (no terminator before the end), "edifact.tag" (not
// three capital letters or digits), "edifact.limit.segment", "edifact.limit.segments". [Ownership] views the octets,
// which must outlive it and its segments. [Threading] one thread.
class SLUIS_PROTOCOLS_API SegmentReader {
 public:
  SegmentReader(std::string_view octets, const Start& start, SyntaxLimits limits)
      : octets_(octets), separators_(start.separators), position_(start.position), limits_(limits) {}
  // None: the end, with nothing left but white space.
  Result<std::optional<Segment>> next();
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  std::string_view octets_;
  Separators separators_;
  std::size_t position_;
  SyntaxLimits limits_;
  std::size_t count_ = 0;
};

// "…, at octet 123": every error of this folder says where.
SLUIS_PROTOCOLS_API Error error_at(std::string_view code, std::string_view what, std::size_t position);

}  // namespace sluis::edifact
