// SPDX-License-Identifier: Apache-2.0
// In-context multi-modal attention (IC-Custom): joint attention over text and an image made of panels, which also sees
// learned register keys of its task. Image queries and keys carry an embedding of their panel.
#include "base/diagnostic.hpp"
#include "einsum/reference/kernel_inputs.hpp"
#include "einsum/reference/kernels.hpp"
#include "einsum/reference/scored_keys.hpp"
#include "einsum/reference/two_streams.hpp"

namespace einloom::reference {
namespace {

using Int = std::int64_t;

ReferenceTensors run(const ReferenceTensors &tensors, const ReferenceSetting &setting) {
  KernelInputs in(tensors, setting);
  const auto &qt = in.read("QT", {"H", "T", "E"}), &kt = in.read("KT", {"H", "T", "E"});
  const auto &qi = in.read("QI", {"H", "Y", "X", "E"}), &ki = in.read("KI", {"H", "Y", "X", "E"});
  const auto &vt = in.read("VT", {"H", "T", "F"}), &vi = in.read("VI", {"H", "Y", "X", "F"});
  const auto &gain_qt = in.read("GQT", {"E"}), &gain_kt = in.read("GKT", {"E"});
  const auto &gain_qi = in.read("GQI", {"E"}), &gain_ki = in.read("GKI", {"E"});
  const auto &reference = in.read("COND", {"H", "E"}), &target = in.read("TARGET", {"H", "E"});
  const auto &number = in.read("IDX", {"I", "H", "E"});
  const auto &panel = in.read("PANEL", {"X"});
  const auto &register_keys = in.read("REGK", {"U", "R", "H", "E"}),
             &register_values = in.read("REGV", {"U", "R", "H", "F"});
  const Int heads = in.extent("H"), text = in.extent("T"), height = in.extent("Y"), width = in.extent("X");
  const Int e_extent = in.extent("E"), f_extent = in.extent("F"), registers = in.extent("R");
  const Int task = in.parameter("TASK"), references = in.parameter("REFS");
  // Dimensions turned by an id that is always 0, by the row, and by the column.
  const Int axis0 = in.parameter("AXIS0"), axis1 = in.parameter("AXIS1"), axis2 = e_extent - axis0 - axis1;
  ensure(task >= 0 && task < in.extent("U") && references <= in.extent("I") && axis0 >= 0 && axis1 >= 0 && axis2 >= 0,
         "in_context_multimodal: the task has registers, every reference a number, and the axes fit E");
  const auto normed = [&](Row row, const Tensor<double> &gain) {
    rms_norm(row, in.constant("EPS", 1e-6), Row(gain.data(), gain.data() + gain.size()));
    return row;
  };
  const auto turned = [&](const Row &row, Int y, Int x) {
    const auto first = row.begin() + axis0, second = first + axis1;
    Row by_row(first, second), by_column(second, row.end());
    rotate(by_row, static_cast<double>(y), in.constant("THETA", 1e4), RotaryPairs::interleaved);
    rotate(by_column, static_cast<double>(x), in.constant("THETA", 1e4), RotaryPairs::interleaved);
    Row all(row.begin(), first);
    all.insert(all.end(), by_row.begin(), by_row.end());
    all.insert(all.end(), by_column.begin(), by_column.end());
    return all;
  };
  const auto embedded = [&](Row row, Int h, Int x) {
    const auto of = static_cast<Int>(panel(x));
    ensure(of >= 0 && of <= references, "in_context_multimodal: a panel is a reference's number, or REFS");
    for (Int e = 0; e < e_extent; ++e) {
      row[to_size(e)] += of == references ? target(h, e) : reference(h, e) + number(of, h, e);
    }
    return row;
  };

  Tensor<double> out_text({"H", "T", "F"}, {heads, text, f_extent});
  Tensor<double> out_image({"H", "Y", "X", "F"}, {heads, height, width, f_extent});
  for (Int h = 0; h < heads; ++h) {
    Stream of_text, of_image;
    for (Int t = 0; t < text; ++t) {  // at the origin: nothing to turn
      of_text.queries.push_back(normed(row_of_terms(e_extent, [&](Int e) { return qt(h, t, e); }), gain_qt));
      of_text.keys.push_back(normed(row_of_terms(e_extent, [&](Int e) { return kt(h, t, e); }), gain_kt));
      of_text.values.push_back(row_of_terms(f_extent, [&](Int f) { return vt(h, t, f); }));
    }
    for (Int y = 0; y < height; ++y) {
      for (Int x = 0; x < width; ++x) {
        const Row query = normed(row_of_terms(e_extent, [&](Int e) { return qi(h, y, x, e); }), gain_qi);
        const Row key = normed(row_of_terms(e_extent, [&](Int e) { return ki(h, y, x, e); }), gain_ki);
        of_image.queries.push_back(turned(embedded(query, h, x), y, x));
        of_image.keys.push_back(turned(embedded(key, h, x), y, x));
        of_image.values.push_back(row_of_terms(f_extent, [&](Int f) { return vi(h, y, x, f); }));
      }
    }
    for (Int r = 0; r < registers; ++r) {  // seen by all, without queries of their own
      of_image.keys.push_back(row_of_terms(e_extent, [&](Int e) { return register_keys(task, r, h, e); }));
      of_image.values.push_back(row_of_terms(f_extent, [&](Int f) { return register_values(task, r, h, f); }));
    }
    const auto text_rows = joint_attention(of_text.queries, of_text, of_image);
    const auto image_rows = joint_attention(of_image.queries, of_text, of_image);
    for (Int f = 0; f < f_extent; ++f) {
      for (Int t = 0; t < text; ++t) out_text(h, t, f) = text_rows[to_size(t)][to_size(f)];
      for (Int y = 0; y < height; ++y) {
        for (Int x = 0; x < width; ++x) out_image(h, y, x, f) = image_rows[to_size(y * width + x)][to_size(f)];
      }
    }
  }
  return {{"AVI", out_image}, {"AVT", out_text}};
}

}  // namespace

std::vector<ReferenceKernel> in_context_multimodal_kernels() {
  return {{"in_context_multimodal",
           "text QT[H,T,E], KT[H,T,E], VT[H,T,F], image QI[H,Y,X,E], KI[H,Y,X,E], VI[H,Y,X,F] (projections), gains "
           "GQT[E], GKT[E], GQI[E], GKI[E], panels COND[H,E], TARGET[H,E], IDX[I,H,E], PANEL[X] (number of the "
           "reference, REFS for the target), registers REGK[U,R,H,E], REGV[U,R,H,F], TASK, REFS, AXIS0, AXIS1, THETA "
           "(1e4), EPS (1e-6) → AVI[H,Y,X,F], AVT[H,T,F]",
           {"COND", "GKI", "GKT", "GQI", "GQT", "IDX", "KI", "KT", "PANEL", "QI", "QT", "REGK", "REGV", "TARGET", "VI",
            "VT"},
           {{"AVI", {"H", "Y", "X", "F"}}, {"AVT", {"H", "T", "F"}}},
           &run}};
}

}  // namespace einloom::reference
