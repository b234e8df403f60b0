#include "adapters/http/body_parts.h"

#include <utility>

namespace sluis::http {

namespace {

constexpr std::size_t most_parts = 100;

Error empty() {
  return Error{"message.empty", "the message, or a part of it, is empty"};
}

}  // namespace

BodyParts::BodyParts(ContentStore& store, Part described, const std::optional<std::string>& boundary)
    : store_(store), described_(std::move(described)) {
  if (boundary) form_ = std::make_unique<MultipartReader>(*boundary, static_cast<FormSink&>(*this));
}

Status BodyParts::write(std::string_view bytes) {
  if (form_ != nullptr) return form_->feed(bytes);
  if (parts_.empty()) parts_.push_back(described_);
  return data(bytes);
}

Result<Parts> BodyParts::finish() {
  if (form_ != nullptr) {
    if (Status whole = form_->finish(); !whole) return whole.error();
  } else if (Status ended = end_part(); !ended) {
    return ended.error();
  }
  if (parts_.empty()) return empty();
  return std::move(parts_);
}

Status BodyParts::begin_part(FormPart part) {
  if (parts_.size() >= most_parts) return Error{"multipart.parts", "the form has more than a hundred parts"};
  Part next;
  if (parts_.empty()) {
    next.file_name = described_.file_name;
  } else {
    next.role = PartRole::attachment;
  }
  if (!part.media_type.empty()) next.media_type = std::move(part.media_type);
  if (next.file_name.empty()) next.file_name = std::move(part.file_name);
  parts_.push_back(std::move(next));
  return {};
}

Status BodyParts::data(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (writer_ == nullptr) writer_ = store_.write();
  size_ += bytes.size();
  return writer_->write(bytes);
}

Status BodyParts::end_part() {
  if (std::exchange(size_, 0) == 0) return empty();
  auto content = std::exchange(writer_, nullptr)->finish();
  if (!content) return content.error();
  parts_.back().content = std::move(*content);
  return {};
}

}  // namespace sluis::http
