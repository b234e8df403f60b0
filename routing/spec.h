// The routing table and the flow catalogue as read from YAML, each line with its place; config/ fills these in,
// compile() (routing/table.h) checks them against each other and makes the matcher.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/delivery/routing.h"
#include "core/runtime/clock.h"

namespace sluis::routing {

// Where in the configuration: "routes.yaml:3:5". Errors begin with it.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  [[nodiscard]] std::string text() const { return file + ":" + std::to_string(line) + ":" + std::to_string(column); }
};

// One test on one attribute, or a combination. YAML forms:
//   when: { from: [drop, api], flow: douane/*, edifact.unh.type: { matches: "^CUS" }, xml.root: { present: true } }
//   when: { all: [ … ] } · { any: [ … ] } · { not: { … } }
// A mapping of attributes is an `all`. A scalar is equality, or a glob when it has * or ?; a list is any of them.
struct Condition {
  enum class Kind { all, any, none_of, equals, glob, regex, present };
  Kind kind = Kind::all;
  std::string attribute;            // equals, glob, regex, present
  std::vector<std::string> values;  // equals, glob: any of; regex: one
  bool present = true;              // present: true | false
  std::vector<Condition> children;  // all, any, none_of (YAML `not`: none of the children may hold)
  Place place;
};

// One `send:` entry: { to: CHANNEL | customer, recipient: …, <option>: … }; `send` is one of these or a list.
struct Send {
  std::string to;
  std::string address;                         // `recipient`, `folder` or `address`; may hold {attribute} templates
  std::map<std::string, std::string> options;  // everything else, templates allowed
  Place place;
};

struct RouteSpec {
  std::string name;      // `route:`
  std::string customer;  // a customer's own route; empty: the shared table
  Condition when;
  std::vector<Send> send;
  std::string policy;
  std::string lane;  // template: "{customer}/{edifact.unb.recipient}"
  bool lane_first = false;
  std::vector<std::string> gates;
  std::optional<Duration> reply_within;
  Place place;
};

// `examples:` of routes.yaml: the table's own tests, run by `sluis check`.
struct RouteExample {
  std::map<std::string, std::string> message;  // attributes: from, customer, flow, …
  std::string expect;                          // a route's name, or "unrouted"
  Place place;
};

// One flow of the catalogue (config/flows.yaml and the operator's flows.yaml on top).
struct FlowSpec {
  std::string flow;        // douane/uitvoer
  std::string authority;   // "Douane"
  std::string name;        // as the authority's page names it: "Uitvoer"
  std::string direction;   // submission | answer | both
  std::string media_type;  // application/EDIFACT, application/xml
  // Recognition: any of these conditions (on recognised attributes) names the flow; the closest description
  // wins, whatever the order (routing/flows.h).
  std::vector<Condition> recognise;
  // Recipient addresses per environment ("test", "production"); settings, empty by default.
  std::map<std::string, std::string> address;
  // In an operator's overlay: whole, beginning with the delivered flow's.
  FlowRules rules;
  std::string lane;  // order rule of the flow, used when the route has none
  Place place;
};

}  // namespace sluis::routing
