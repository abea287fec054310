"""The parts of the campaign: each makes programs (`attempts`) and judges them (`judge`)."""
