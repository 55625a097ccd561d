"""The page at `/`: HTML and SVG drawn here, a little JavaScript of ours for live updates and the cursor of charts."""
