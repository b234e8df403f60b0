#include "protocols/mime/builder.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "protocols/mime/charset.h"
#include "protocols/mime/encoded_word.h"
#include "protocols/mime/lexical.h"
#include "protocols/mime/lines.h"
#include "protocols/mime/media_type.h"

namespace sluis::mime {

namespace {

constexpr std::array<std::string_view, 6> written{"Date", "From", "To", "Message-ID", "Subject", "MIME-Version"};

Status check_text(std::string_view what, std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control))
    return Error{"mime.injection", std::string(what) + " has control characters in it"};
  if (!is_utf8(text)) return Error{"mime.charset", std::string(what) + " is not UTF-8"};
  return {};
}

// Folds at blanks, so that unfolding gives the same text (RFC 5322 §2.2.3); `used` characters are on the line already.
std::string folded(std::string_view text, std::size_t used) {
  std::string out;
  std::size_t column = used;
  while (!text.empty()) {
    // A run of blanks and the word behind it go together; a line must not be blank, so a run is never cut.
    std::size_t end = text.find_first_not_of(' ');
    end = text.find(' ', end == std::string_view::npos ? text.size() : end);
    const std::string_view piece = text.substr(0, end);
    if (piece.front() == ' ' && column + piece.size() > 78 && !out.empty()) {
      out += "\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
    text.remove_prefix(piece.size());
  }
  return out;
}

Result<std::string> write_addresses(std::string_view name, const std::vector<Mailbox>& mailboxes) {
  if (mailboxes.empty()) return Error{"mime.spec", "no address for " + std::string(name)};
  std::string out = std::string(name) + ": ";
  for (std::size_t i = 0; i < mailboxes.size(); ++i) {
    auto mailbox = write_mailbox(mailboxes[i]);
    if (!mailbox) return mailbox.error().in(name);
    if (i > 0) out += ",\r\n ";
    out += *mailbox;
  }
  return out + "\r\n";
}

Result<std::string> part_header(const PartSpec& part) {
  const auto slash = part.media_type.find('/');
  const auto is_token = [](std::string_view t) { return !t.empty() && std::all_of(t.begin(), t.end(), is_token_char); };
  const std::string_view type = part.media_type;
  if (slash == std::string::npos || !is_token(type.substr(0, slash)) || !is_token(type.substr(slash + 1)))
    return Error{"mime.spec", "the media type is not type/subtype (RFC 2045 §5.1)"};
  if (equals_ignoring_case(type.substr(0, slash), "multipart") ||
      equals_ignoring_case(type.substr(0, slash), "message"))
    return Error{"mime.spec", "a composite type cannot be base64 (RFC 2045 §6.4)"};
  if (!part.charset.empty() && !is_token(part.charset)) return Error{"mime.spec", "the charset is not a token"};
  if (Status s = check_text("the file name", part.file_name); !s) return s.error();
  std::string out = "Content-Type: " + part.media_type;
  if (!part.charset.empty()) out += "; charset=" + part.charset;
  out += "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: ";
  out += part.attachment ? "attachment" : "inline";
  if (!part.file_name.empty()) out += write_parameter("filename", part.file_name);
  return out + "\r\n\r\n";
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
  return out;
}

}  // namespace

Result<std::string> write_field(std::string_view name, std::string_view text) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_ftext))
    return Error{"mime.injection", "not the name of a header field (RFC 5322 §2.2)"};
  if (Status s = check_text(name, text); !s) return s.error();
  const std::string coded = encode_words(text);
  std::string out = std::string(name) + ": ";
  out += coded == text ? folded(coded, out.size()) : coded;
  return out + "\r\n";
}

Result<std::string> write_message_header(const MailSpec& spec) {
  if (spec.message_id.size() > 250 || parse_message_ids("<" + spec.message_id + ">") != std::vector{spec.message_id} ||
      std::any_of(spec.message_id.begin(), spec.message_id.end(), is_eight_bit))
    return Error{"mime.injection", "the Message-ID is not one identifier (RFC 5322 §3.6.4)"};
  auto from = write_addresses("From", {spec.from});
  if (!from) return from.error();
  auto to = write_addresses("To", spec.to);
  if (!to) return to.error();
  auto subject = write_field("Subject", spec.subject);
  if (!subject) return subject.error();
  std::string out = "Date: " + to_rfc5322_date(spec.date) + "\r\n" + *from + *to;
  out += "Message-ID: <" + spec.message_id + ">\r\n";
  out += *subject;
  for (const auto& [name, text] : spec.extra) {
    if (lower(name).starts_with("content-") ||
        std::any_of(written.begin(), written.end(),
                    [&field_name = name](std::string_view w) { return equals_ignoring_case(w, field_name); }))
      return Error{"mime.spec", "an extra field " + name + " would be a second one"};
    auto field = write_field(name, text);
    if (!field) return field.error();
    out += *field;
  }
  return out + "MIME-Version: 1.0\r\n";
}

Result<std::string> write_text_part(std::string_view text) {
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return Error{"mime.charset", "the text is not UTF-8"};
  Base64Lines lines;
  std::string out = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  out += lines.encode(with_crlf(text));
  return out + lines.finish();
}

bool is_safe_boundary(std::string_view text) {
  return !text.empty() && text.size() <= 70 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '=';
  });
}

Result<MailWriter> MailWriter::create(const MailSpec& spec) {
  if (spec.parts.empty() || (spec.form == Form::body && spec.parts.size() != 1))
    return Error{"mime.spec", "a mail has one part as its body, or one and more as attachments"};
  auto head = write_message_header(spec);
  if (!head) return head.error();
  MailWriter out;
  out.head_ = std::move(*head);
  std::string delimiter;
  if (spec.form == Form::attachment) {
    const std::string& b = spec.boundary;
    if (!is_safe_boundary(b)) return Error{"mime.spec", "the boundary is not 1 to 70 of A-Z a-z 0-9 - _ . ="};
    auto text = write_text_part(spec.cover_text);
    if (!text) return text.error().in("the cover text");
    out.head_ += "Content-Type: multipart/mixed;\r\n boundary=\"" + b + "\"\r\n\r\n--" + b + "\r\n" + *text;
    delimiter = "\r\n--" + b + "\r\n";
    out.tail_ = "\r\n--" + b + "--\r\n";
  }
  for (const PartSpec& part : spec.parts) {
    auto header = part_header(part);
    if (!header) return header.error();
    out.part_heads_.push_back(delimiter + *header);
  }
  return out;
}

std::string MailWriter::begin_part() {
  assert(next_part_ < part_heads_.size());
  return part_heads_[next_part_++];
}

std::uint64_t MailWriter::encoded_size(const std::vector<std::uint64_t>& part_octets) const {
  assert(part_octets.size() == part_heads_.size());
  std::uint64_t out = head_.size() + tail_.size();
  for (std::size_t i = 0; i < part_octets.size(); ++i)
    out += part_heads_[i].size() + Base64Lines::encoded_size(part_octets[i]);
  return out;
}

Result<std::string> build_mail(const MailSpec& spec, const std::vector<std::string_view>& payloads) {
  auto writer = MailWriter::create(spec);
  if (!writer) return writer.error();
  if (payloads.size() != spec.parts.size()) return Error{"mime.spec", "not one payload for each part"};
  std::string out = writer->begin();
  for (const std::string_view payload : payloads) {
    out += writer->begin_part();
    out += writer->encode(payload);
    out += writer->end_part();
  }
  return out + writer->end();
}

}  // namespace sluis::mime
