#include "adapters/digipoort/wire_mail.h"

#include <fmt/format.h>

#include <array>

#include "protocols/mime/media_type.h"

namespace sluis::digipoort {

namespace {

constexpr std::size_t piece = 862 * 57;  // octets at once: whole base64 lines

std::string media_type_of(const Message& message, const Part& payload, const MailProfile& profile) {
  const auto by_flow = profile.media_types.find(std::string(message.attributes.get(attribute::flow)));
  if (by_flow != profile.media_types.end()) return by_flow->second;
  if (message.attributes.has("edifact.unb.reference")) return "application/EDIFACT";  // RFC 1767
  if (message.attributes.has("xml.root")) return "application/xml";                   // RFC 7303
  return payload.media_type;
}

std::string file_name_of(const Message& message, const Part& payload, std::string_view media_type) {
  if (const std::string name = mime::safe_file_name(payload.file_name); !name.empty()) return name;
  std::string base;
  for (const char c : message.attributes.get(attribute::reference, message.id.text()))
    base += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ? c : '_';
  return base + (media_type == "application/EDIFACT" ? ".edi" : media_type == "application/xml" ? ".xml" : ".bin");
}

}  // namespace

std::string message_id_of(const Delivery& delivery, std::string_view domain) {
  // "as-new" is the operator's explicit wish for another identity; it carries its own unique text.
  const std::string where =
      fmt::format("{}\x1f{}\x1f{}\x1f{}", delivery.destination.channel, delivery.destination.account,
                  delivery.destination.address, delivery.options.get("as-new"));
  return fmt::format("{}.{}@{}", delivery.message->id.text(), to_hex(sha256(where)).substr(0, 12), domain);
}

std::string fill_template(std::string_view text, const Message& message) {
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) {
      out += text.substr(open);
      break;
    }
    const std::string_view name = text.substr(open + 1, close - open - 1);
    out += name == "message" ? message.id.text() : std::string(message.attributes.get(name));
    text.remove_prefix(close + 1);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out.empty() ? message.id.text() : out;
}

Result<std::unique_ptr<WireMail>> WireMail::create(const Delivery& delivery, const MailProfile& profile,
                                                   const std::string& from, const std::string& to,
                                                   ContentStore& store) {
  const Message& message = *delivery.message;
  const Part* payload = nullptr;
  for (const Part& part : message.parts) {
    if (part.role == PartRole::original) continue;
    if (payload != nullptr)
      return Error{"mail.payload", "a mail to Digipoort carries one payload; this message has several parts"};
    payload = &part;
  }
  if (payload == nullptr) return Error{"mail.payload", "the message has no payload"};

  mime::MailSpec spec;
  auto sender = mime::parse_addr_spec(from);
  if (!sender) return sender.error().in("sender");
  auto recipient = mime::parse_addr_spec(to);
  if (!recipient) return recipient.error().in("recipient");
  spec.from = std::move(*sender);
  spec.to.push_back(std::move(*recipient));
  // The time of the delivery, not of the attempt: building again gives the same octets.
  spec.date = delivery.created_at;
  spec.message_id = delivery.identity.value.empty() ? message_id_of(delivery, profile.domain) : delivery.identity.value;
  spec.subject = fill_template(delivery.options.get("subject", profile.subject), message);
  spec.form = profile.form;
  spec.cover_text = profile.cover_text;
  spec.boundary = "sluis-" + to_hex(sha256(spec.message_id)).substr(0, 32);
  mime::PartSpec part;
  part.media_type = media_type_of(message, *payload, profile);
  part.file_name = file_name_of(message, *payload, part.media_type);
  spec.parts.push_back(std::move(part));
  auto writer = mime::MailWriter::create(spec);
  if (!writer) return writer.error();
  std::unique_ptr<WireMail> mail(new WireMail(std::move(*writer), payload->content, store));
  mail->size_ = mail->writer_.encoded_size({payload->content.size});
  return mail;
}

Result<std::string> WireMail::next() {
  std::string out;
  if (at_ == At::head) {
    auto reader = store_.open(payload_);
    if (!reader) return reader.error();
    reader_ = std::move(*reader);
    out = writer_.begin() + writer_.begin_part();
    at_ = At::payload;
  } else if (at_ == At::payload) {
    std::array<char, piece> buffer{};
    while (out.empty()) {
      const auto n = reader_->read(buffer);
      if (!n) return n.error();
      if (*n == 0) {
        at_ = At::tail;
        break;
      }
      out = writer_.encode({buffer.data(), *n});
    }
  }
  if (out.empty() && at_ == At::tail) {
    out = writer_.end_part() + writer_.end();
    at_ = At::done;
  }
  digest_.update(out);
  return out;
}

}  // namespace sluis::digipoort
