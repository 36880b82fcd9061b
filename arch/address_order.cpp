// SPDX-License-Identifier: Apache-2.0
#include "arch/address_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>
#include <utility>

namespace einloom {
namespace {

struct FieldName {
  AddressField field;
  std::string_view name;
};

constexpr FieldName kFieldNames[] = {
    {AddressField::channel, "Ch"}, {AddressField::rank, "Ra"}, {AddressField::bank_group, "Bg"},
    {AddressField::bank, "Ba"},    {AddressField::row, "Ro"},  {AddressField::column, "Co"},
};

const std::map<std::string, std::string>& named_orders() {
  static const std::map<std::string, std::string> all = {
      {"ChRaBaRoCo", "ChRaBgBaRoCo"},
      {"MOP4CLXOR", "RoCoBaBgRaChCo2^Co"},
  };
  return all;
}

std::optional<AddressField> field_called(std::string_view name) {
  for (const FieldName& each : kFieldNames) {
    if (each.name == name) return each.field;
  }
  return std::nullopt;
}

bool check_occurrences(AddressOrder& order, std::string& problem) {
  const auto count = [&](AddressField field, bool open_only) {
    return std::count_if(order.parts.begin(), order.parts.end(), [&](const AddressOrder::Part& part) {
      return part.field == field && (!open_only || part.bits == 0);
    });
  };
  if (count(AddressField::bank_group, false) == 0) {  // parts are least significant first: the group below the bank
    for (auto part = order.parts.begin(); part != order.parts.end(); ++part) {
      if (part->field != AddressField::bank) continue;
      order.parts.insert(part, {.field = AddressField::bank_group, .bits = 0});
      break;
    }
  }
  for (const FieldName& each : kFieldNames) {
    const auto open = count(each.field, true);
    if (open == 1) continue;
    if (count(each.field, false) == 0) {
      problem = fmt::format("has no `{}`; every part stands once", each.name);
    } else if (open == 0) {
      problem = fmt::format("gives every `{0}` a number of bits; one `{0}` takes the rest", each.name);
    } else {
      problem = fmt::format("has `{}` twice without a number of bits; only one takes the rest", each.name);
    }
    return false;
  }
  return true;
}

}  // namespace

std::optional<AddressOrder> parse_address_order(const std::string& text, std::string& problem) {
  AddressOrder order;
  order.text = text;
  const auto named = named_orders().find(text);
  std::string_view rest = named == named_orders().end() ? std::string_view(text) : std::string_view(named->second);
  if (const auto hat = rest.find('^'); hat != std::string_view::npos) {
    order.xor_source = field_called(rest.substr(hat + 1));
    if (order.xor_source != AddressField::row && order.xor_source != AddressField::column) {
      problem = fmt::format("ends with `{}`; `^Ro` or `^Co` may stand there", rest.substr(hat));
      return std::nullopt;
    }
    rest = rest.substr(0, hat);
  }
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, 2);
    const auto field = field_called(name);
    if (!field) {
      problem = fmt::format("has `{}` where a part is expected: Ro, Ba, Bg, Ra, Co or Ch", name);
      return std::nullopt;
    }
    rest.remove_prefix(2);
    AddressOrder::Part part{.field = *field};
    if (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0) {
      part.bits = rest.front() - '0';
      rest.remove_prefix(1);
      if (part.bits == 0) {
        problem = fmt::format("gives a `{}` no bits; leave it out", name);
        return std::nullopt;
      }
    }
    order.parts.insert(order.parts.begin(), part);
  }
  if (!check_occurrences(order, problem)) return std::nullopt;
  return order;
}

}  // namespace einloom
