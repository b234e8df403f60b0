#include "protocols/mime/message.h"

#include <algorithm>

namespace sluis::mime {

namespace {

// Builds the tree. The entities that are open lie on a stack of values, so nothing points into a vector that grows.
class TreeBuilder final : public EntityHandler {
 public:
  Status begin_entity(const EntityInfo& info, const Headers& headers) override {
    open_.push_back(Entity{info, headers, "", {}});
    return {};
  }
  Status body(std::string_view decoded) override {
    open_.back().body += decoded;
    return {};
  }
  Status end_entity(const EntityInfo&) override {
    Entity done = std::move(open_.back());
    open_.pop_back();
    if (open_.empty())
      root = std::move(done);
    else
      open_.back().children.push_back(std::move(done));
    return {};
  }

  Entity root;

 private:
  std::vector<Entity> open_;
};

void collect(const Entity& entity, std::string_view parent, std::vector<const Entity*>& leaves,
             std::vector<const Entity*>& payload) {
  if (!entity.info.composite) {
    leaves.push_back(&entity);
    if (!is_cover_text(entity.info, parent)) payload.push_back(&entity);
    return;
  }
  const std::string name = entity.info.type.name();
  for (const Entity& child : entity.children) collect(child, name, leaves, payload);
}

}  // namespace

Result<Message> parse_message(std::string_view mail, MessageLimits limits, Tolerances tolerances) {
  if (mail.size() > limits.octets)
    return Error{"mime.size", "a mail of more than " + std::to_string(limits.octets) + " octets"};
  TreeBuilder tree;
  Parser parser(tree, limits.structure, tolerances);
  if (Status s = parser.feed(mail); !s) return s.error();
  auto findings = parser.finish();
  if (!findings) return findings.error();
  return Message{std::move(tree.root), *findings};
}

bool is_cover_text(const EntityInfo& info, std::string_view parent) {
  if (info.disposition.kind == "attachment" || !info.file_name.empty()) return false;
  return info.type.is("text/plain") || (info.type.is("text/html") && parent == "multipart/alternative");
}

std::vector<const Entity*> payload_parts(const Entity& root) {
  std::vector<const Entity*> leaves;
  std::vector<const Entity*> payload;
  collect(root, "", leaves, payload);
  return leaves.size() == 1 ? leaves : payload;
}

Result<std::vector<Sha256>> PayloadProof::finish() {
  auto findings = parser_.finish();
  if (!findings) return findings.error();
  if (findings->ambiguous())
    return Error{"mime.ambiguous", "the mail can be read in two ways: " + std::string(findings->ambiguities()[0].name)};
  std::vector<Sha256> out;
  for (const Part& part : parts_)
    if (!part.cover || parts_.size() == 1) out.push_back(part.digest);
  return out;
}

Status PayloadProof::begin_entity(const EntityInfo& info, const Headers&) {
  if (!info.composite) {
    parts_.push_back({{}, is_cover_text(info, parents_.empty() ? "" : parents_.back())});
    digest_ = Sha256Stream();
  }
  parents_.push_back(info.type.name());
  return {};
}

Status PayloadProof::body(std::string_view decoded) {
  digest_.update(decoded);
  return {};
}

Status PayloadProof::end_entity(const EntityInfo& info) {
  parents_.pop_back();
  if (!info.composite) parts_.back().digest = digest_.finish();
  return {};
}

}  // namespace sluis::mime
