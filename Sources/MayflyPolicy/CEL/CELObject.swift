/// A value of a closed object type: one slot for each declared field, in the order of the declaration, nil when absent.
///
/// Making one is making an array. A compiled expression reads a slot by its number and looks nothing up.
package struct CELObject: Sendable {
    package let slots: [CELValue?]

    package init(slots: [CELValue?]) {
        self.slots = slots
    }

    /// The value in a slot; nil also when there is no such slot.
    func value(at slot: Int) -> CELValue? {
        slots.indices.contains(slot) ? slots[slot] : nil
    }
}
