// The mail that carries a delivery to Digipoort: the same octets on every attempt.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/channel/delivery.h"
#include "core/message/content.h"
#include "core/runtime/digest.h"
#include "core/runtime/result.h"
#include "protocols/mime/builder.h"

namespace sluis::digipoort {

// What the channel's settings say of the mail (protocols/digipoort.md §1.3, "MIME form").
struct MailProfile {
  mime::Form form = mime::Form::body;
  std::string subject = "{reference}";  // template over the message's attributes; the route's `subject` goes before
  std::string cover_text;               // of Form::attachment
  std::string domain;                   // right side of the Message-ID
  std::map<std::string, std::string> media_types;  // flow → media type, over what the content says
};

// The identity of a delivery: its Message-ID without brackets, made of message and destination, so that two
// destinations of one message never share one.
std::string message_id_of(const Delivery& delivery, std::string_view domain);

// The mail as a stream of octets, built while it is read; nothing of it is kept.
// [Threading] one thread at a time. Blocks on the disk for content that is not in memory.
class WireMail {
 public:
  // [Errors] "mail.payload": not exactly one payload part; "mime.…": what cannot be put in a mail.
  static Result<std::unique_ptr<WireMail>> create(const Delivery& delivery, const MailProfile& profile,
                                                  const std::string& from, const std::string& to, ContentStore& store);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The next piece; empty: the mail is complete. Error "content.corrupt" when the payload is not what was stored.
  Result<std::string> next();
  // Of all octets so far, as written before dot-stuffing.
  Sha256 digest() { return digest_.finish(); }

 private:
  WireMail(mime::MailWriter writer, Content payload, ContentStore& store)
      : writer_(std::move(writer)), payload_(std::move(payload)), store_(store) {}
  enum class At { head, payload, tail, done };
  mime::MailWriter writer_;
  Content payload_;
  ContentStore& store_;
  std::unique_ptr<ContentReader> reader_;
  std::uint64_t size_ = 0;
  At at_ = At::head;
  Sha256Stream digest_;
};

// "{name}" becomes the attribute's value; "{message}" the message's id; an unknown name is left out. Never empty: falls
// back to the message's id.
std::string fill_template(std::string_view text, const Message& message);

}  // namespace sluis::digipoort
