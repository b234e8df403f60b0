#include "protocols/mime/transfer_encoding.h"

#include "core/runtime/base64.h"
#include "protocols/mime/lexical.h"

namespace sluis::mime {

namespace {

constexpr auto sextets = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  std::int8_t n = 0;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = n++;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = n++;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = n++;
  table['+'] = n++;
  table['/'] = n;
  return table;
}();

Error bad_base64(std::string_view what) {
  return Error{"mime.base64", std::string(what) + " (RFC 2045 §6.8)"};
}

}  // namespace

TransferEncoding parse_transfer_encoding(std::string_view value) {
  Scanner in(value);
  if (!in.skip_cfws()) return TransferEncoding::unknown;
  const std::string name = lower(in.run(is_token_char));
  if (!in.skip_cfws() || !in.at_end()) return TransferEncoding::unknown;
  if (name == "7bit") return TransferEncoding::seven_bit;
  if (name == "8bit") return TransferEncoding::eight_bit;
  if (name == "binary") return TransferEncoding::binary;
  if (name == "base64") return TransferEncoding::base64;
  if (name == "quoted-printable") return TransferEncoding::quoted_printable;
  return TransferEncoding::unknown;
}

Status Base64Decoder::decode(std::string_view piece, std::string& out, Strictness& strictness) {
  // Whole groups of four plain characters, which is nearly everything; the loop behind takes what is left or odd.
  if (have_ == 0 && !ended_) {
    std::size_t at = 0;
    std::size_t to = out.size();
    out.resize(to + piece.size() / 4 * 3);
    for (; at + 4 <= piece.size(); at += 4) {
      const auto sextet = [&](std::size_t k) {
        return static_cast<int>(sextets[static_cast<unsigned char>(piece[at + k])]);
      };
      const int group = sextet(0) << 18 | sextet(1) << 12 | sextet(2) << 6 | sextet(3);
      if (group < 0) break;  // -1 in any place makes it negative
      out[to++] = static_cast<char>(group >> 16);
      out[to++] = static_cast<char>(group >> 8 & 0xFF);
      out[to++] = static_cast<char>(group & 0xFF);
    }
    out.resize(to);
    piece.remove_prefix(at);
  }
  bool blanks = false;
  for (const char c : piece) {
    if (is_wsp(c)) {
      blanks = true;
      continue;
    }
    if (ended_) return bad_base64("data behind the padding");
    if (c == '=') {
      if (have_ < 2) return bad_base64("padding in the wrong place");
      ++padding_;
      group_ <<= 6;
    } else {
      const int sextet = sextets[static_cast<unsigned char>(c)];
      if (sextet < 0) return bad_base64("an octet outside the alphabet");
      if (padding_ > 0) return bad_base64("data behind the padding");
      group_ = group_ << 6 | static_cast<std::uint32_t>(sextet);
    }
    if (++have_ < 4) continue;
    if ((padding_ == 1 && (group_ & 0xFF) != 0) || (padding_ == 2 && (group_ & 0xFFFF) != 0))
      return bad_base64("bits left over before the padding");
    out += static_cast<char>(group_ >> 16);
    if (padding_ < 2) out += static_cast<char>(group_ >> 8 & 0xFF);
    if (padding_ < 1) out += static_cast<char>(group_ & 0xFF);
    ended_ = padding_ > 0;
    group_ = have_ = padding_ = 0;
  }
  if (!blanks) return {};
  return strictness.tolerate(Tolerance::base64_whitespace, "mime.base64", "blanks inside base64 (RFC 2045 §6.8)");
}

Status Base64Decoder::finish() const {
  if (have_ != 0) return bad_base64("the last group is cut short");
  return {};
}

Status QuotedPrintableDecoder::decode(std::string_view piece, bool line_ends, std::string& out,
                                      Strictness& strictness) {
  const auto irregular = [&](std::string_view what) {
    return strictness.tolerate(Tolerance::quoted_printable, "mime.quoted_printable",
                               std::string(what) + " (RFC 2045 §6.7)");
  };
  std::string joined;
  if (!held_.empty()) {
    joined = held_;
    joined += piece;
    held_.clear();
    piece = joined;
  }
  std::size_t last = piece.size();
  while (last > 0 && is_wsp(piece[last - 1])) --last;
  if (line_ends) {
    if (last < piece.size()) strictness.findings.note(Ambiguity::quoted_printable_padding);
    piece = piece.substr(0, last);
    hard_break_ = !piece.ends_with('=');
    if (!hard_break_) piece.remove_suffix(1);
  } else {
    // Hold back what the next piece decides about. A run of blanks is let go beyond a line's length: it bounds the
    // memory.
    std::size_t keep = last;
    if (keep > 0 && piece[keep - 1] == '=')
      --keep;
    else if (keep == piece.size() && keep > 1 && piece[keep - 2] == '=')
      keep -= 2;
    if (piece.size() - keep > 1000) {
      if (Status s = irregular("more than a line of blanks"); !s) return s;
      keep = piece.size();
    }
    held_ = std::string(piece.substr(keep));
    piece = piece.substr(0, keep);
  }
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    if (c == '=') {
      const int high = i + 2 < piece.size() ? hex_value(piece[i + 1]) : -1;
      const int low = i + 2 < piece.size() ? hex_value(piece[i + 2]) : -1;
      if (high < 0 || low < 0) {
        if (Status s = irregular("\"=\" without two hexadecimal digits"); !s) return s;
        out += c;
        continue;
      }
      if (piece[i + 1] >= 'a' || piece[i + 2] >= 'a')
        if (Status s = irregular("lower-case hexadecimal digits"); !s) return s;
      out += static_cast<char>(high << 4 | low);
      i += 2;
      continue;
    }
    if (is_eight_bit(c) || (is_control(c) && c != '\t'))
      if (Status s = irregular("a raw octet that must be written in hexadecimal"); !s) return s;
    out += c;
  }
  return {};
}

std::string Base64Lines::encode(std::string_view bytes) {
  std::string out;
  out.reserve(static_cast<std::size_t>(encoded_size(held_.size() + bytes.size())));
  const auto line = [&](std::string_view octets) {
    out += base64_encode(octets);
    out += "\r\n";
  };
  if (!held_.empty()) {
    const std::size_t n = std::min(line_octets - held_.size(), bytes.size());
    held_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    if (held_.size() < line_octets) return out;
    line(held_);
    held_.clear();
  }
  for (; bytes.size() >= line_octets; bytes.remove_prefix(line_octets)) line(bytes.substr(0, line_octets));
  held_ = std::string(bytes);
  return out;
}

std::string Base64Lines::finish() {
  if (held_.empty()) return "";
  std::string out = base64_encode(held_) + "\r\n";
  held_.clear();
  return out;
}

std::uint64_t Base64Lines::encoded_size(std::uint64_t octets) {
  const std::uint64_t whole = octets / line_octets;
  const std::uint64_t rest = octets % line_octets;
  return whole * 78 + (rest == 0 ? 0 : (rest + 2) / 3 * 4 + 2);
}

}  // namespace sluis::mime
