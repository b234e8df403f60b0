// How strictly mail is read, and what reading it met: tolerances are named, off unless said, and counted when used;
// ambiguities are the places where two honest readers would see two different mails (DESIGN §7; digipoort.md §3.5,
// §4.6).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/export.h"
#include "core/runtime/result.h"

namespace sluis::mime {

// Each one is a leniency towards a peer. Not allowed: the mail is refused with an Error. Allowed: counted in Findings.
enum class Tolerance : std::uint8_t {
  bare_line_ends,        // CR or LF alone; LF then ends a line, CR is data
  nul,                   // NUL octets, kept as data
  long_lines,            // more than 998 octets without a line end
  eight_bit_headers,     // octets above 127 in a header field
  malformed_headers,     // a line of the header that is no field; it is skipped
  duplicate_headers,     // a second Date, From, Content-Type, …; the first one counts, and the mail is ambiguous
  missing_date_or_from,  // RFC 5322 §3.6 demands both
  base64_whitespace,     // blanks inside base64
  quoted_printable,      // malformed "=", lower-case digits, raw octets in quoted-printable; kept as they are
  boundary_padding,      // blanks behind a boundary, which RFC 2046 §5.1.1 lets a gateway add
};
inline constexpr std::size_t tolerance_count = 10;
SLUIS_PROTOCOLS_API std::string_view to_string(Tolerance t);  // "bare-line-ends": the setting's name

// A set of tolerances; a value. The default allows what the standards tell receivers to allow: base64-whitespace
// (digipoort.md §3.5) and boundary-padding.
class SLUIS_PROTOCOLS_API Tolerances {
 public:
  Tolerances() : Tolerances({Tolerance::base64_whitespace, Tolerance::boundary_padding}) {}
  Tolerances(std::initializer_list<Tolerance> allowed) {
    for (const Tolerance t : allowed) allow(t);
  }
  static Tolerances none() { return Tolerances(std::initializer_list<Tolerance>{}); }
  Tolerances& allow(Tolerance t) {
    allowed_[static_cast<std::size_t>(t)] = true;
    return *this;
  }
  [[nodiscard]] bool allows(Tolerance t) const { return allowed_[static_cast<std::size_t>(t)]; }

 private:
  std::array<bool, tolerance_count> allowed_{};
};

enum class Ambiguity : std::uint8_t {
  missing_closing_boundary,
  missing_boundary_parameter,  // multipart without boundary: kept whole, as a leaf
  repeated_boundary,           // a nested multipart uses the boundary of one around it
  boundary_lookalike,          // "--boundary" with more behind it: text here, a boundary to readers that match prefixes
  text_after_close,            // behind the closing boundary
  duplicate_header,
  conflicting_transfer_encoding,  // two Content-Transfer-Encoding fields that disagree
  unknown_transfer_encoding,      // kept undecoded
  encoded_composite,              // multipart or message under base64 or quoted-printable (RFC 2045 §6.4)
  malformed_content_type,
  malformed_content_disposition,
  malformed_header,
  blank_folded_line,         // a continuation of white space only: some readers end the header there
  header_without_end,        // a boundary where the empty line of a part's header should be: some readers see no part
  quoted_printable_padding,  // blanks at the end of a line, dropped as RFC 2045 §6.7 rule 3 says; some readers keep
                             // them
};
inline constexpr std::size_t ambiguity_count = 15;
SLUIS_PROTOCOLS_API std::string_view to_string(Ambiguity a);  // "missing-closing-boundary"

struct Finding {
  std::string_view name;
  std::size_t count = 0;
};

// What reading one mail met. A value.
class SLUIS_PROTOCOLS_API Findings {
 public:
  void note(Ambiguity a) { ++ambiguities_[static_cast<std::size_t>(a)]; }
  void use(Tolerance t) { ++used_[static_cast<std::size_t>(t)]; }

  // Ambiguous mail belongs in quarantine: a signature, a virus scanner or the customer may have read another mail in
  // it.
  [[nodiscard]] bool ambiguous() const;
  [[nodiscard]] std::size_t count(Ambiguity a) const { return ambiguities_[static_cast<std::size_t>(a)]; }
  [[nodiscard]] std::size_t count(Tolerance t) const { return used_[static_cast<std::size_t>(t)]; }
  [[nodiscard]] std::vector<Finding> ambiguities() const;  // those met, by name
  [[nodiscard]] std::vector<Finding> tolerated() const;

 private:
  std::array<std::size_t, ambiguity_count> ambiguities_{};
  std::array<std::size_t, tolerance_count> used_{};
};

// The one place where strictness decides: counts and goes on, or refuses.
struct SLUIS_PROTOCOLS_API Strictness {
  Tolerances allowed;
  Findings findings;

  Status tolerate(Tolerance t, std::string_view code, std::string_view what);
};

}  // namespace sluis::mime
