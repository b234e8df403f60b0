// The flow catalogue, compiled: which flow a message belongs to, and what the catalogue says of a flow.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "routing/predicate.h"
#include "routing/spec.h"
#include "routing/symbols.h"
#include "routing/template.h"

namespace sluis::routing {

// How a flow is found (digipoort.md §2.1): the customer's own choice, else the authority's address, else the content.
//
// A flow's `recognise` conditions are of two sorts. One with an equality, a glob or an expression *names* the flow:
// content for which it holds is positively that flow's. One made of `present` alone only says what the flow may look
// like. Of several named flows the most closely described one wins (an equality weighs 2, a glob or an expression 1);
// two that are described equally closely name none: the message keeps `flow.candidates` and no flow, for a guess here
// ends up with the wrong authority. Content *contradicts* a chosen or addressed flow when it names others and fits that
// one in no way; a flow whose content is not known is contradicted only by content of another authority.
//
// [Threading] built by one thread, then immutable.
class FlowCatalogue {
 public:
  struct Entry {
    FlowSpec spec;
    std::vector<Predicate> recognise;
    Template lane;
  };

  // Specs of one name from different files are laid over each other, the later one's words first (the operator's
  // flows.yaml on top of the delivered one); twice in one file is an error.
  void build(std::vector<FlowSpec> specs, std::vector<LocatedError>& errors);

  [[nodiscard]] const Entry* find(std::string_view flow) const;
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  // The flows that an address belongs to in an environment; compared in lower case.
  [[nodiscard]] std::vector<const Entry*> at_address(std::string_view environment, std::string_view address) const;

  // Sets `flow` and `authority`, or `flow.candidates`, or the conflict. `from_authority`: the message's own sender
  // address is the one that tells, not its recipient.
  void name_flow(const Message& message, std::string_view environment, bool from_authority,
                 Recognition& recognition) const;

 private:
  struct Sniff {
    const Entry* entry;
    int weight;  // 0: fits, but does not name
  };
  [[nodiscard]] std::vector<Sniff> sniff(const Message& message, std::string_view environment) const;

  Symbols symbols_;
  std::vector<Entry> entries_;
  TextMap<std::size_t> by_name_;
  std::map<std::pair<std::string, std::string>, std::vector<std::size_t>> by_address_;  // (environment, address)
};

}  // namespace sluis::routing
